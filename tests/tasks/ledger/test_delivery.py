"""An answer is sent once: nothing is sent without an intent on disk, nothing ends twice."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Outcome, Stage
from tests.tasks.hands import Hands, MakeAsk


@pytest.fixture
def sending(hands: Hands, ask: MakeAsk) -> Claim:
    """A job that is painted and claimed for delivery."""
    hands.admit(ask())
    hands.fetch()
    hands.paint()
    return hands.take(Stage.DELIVER)


def test_who_takes_over_after_an_intent_must_ask_the_platform(hands: Hands, sending: Claim) -> None:
    assert not sending.ambiguous
    hands.ledger.record_send_intent(sending)
    hands.expire(sending)
    hands.skip_pauses()
    assert hands.take(Stage.DELIVER).ambiguous


def test_who_takes_over_before_an_intent_need_not(hands: Hands, sending: Claim) -> None:
    hands.expire(sending)
    hands.skip_pauses()
    assert not hands.take(Stage.DELIVER).ambiguous


def test_a_worker_that_lost_its_lease_may_send_nothing(hands: Hands, sending: Claim) -> None:
    hands.expire(sending)
    with pytest.raises(LeaseLost):
        hands.ledger.record_send_intent(sending)


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_only_a_send_that_may_have_gone_through_stays_ambiguous(
    hands: Hands, sending: Claim, maybe_sent: bool
) -> None:
    hands.ledger.record_send_intent(sending)
    hands.ledger.transitions.fail(sending, "trouble", most=10, maybe_sent=maybe_sent)
    hands.skip_pauses()
    assert hands.take(Stage.DELIVER).ambiguous is maybe_sent


def test_a_pause_of_the_platform_costs_no_try(hands: Hands, sending: Claim) -> None:
    hands.services.controls.pause(Stage.DELIVER, "web", until=hands.ledger.now() + 60)
    hands.ledger.record_send_intent(sending)
    hands.ledger.transitions.release(sending, "429")
    assert hands.claim(Stage.DELIVER) == []
    hands.services.controls.resume(Stage.DELIVER, "web")
    again = hands.take(Stage.DELIVER)
    assert (again.job.attempts, again.ambiguous) == (0, False)


def test_a_full_conversation_costs_no_try_and_holds_up_nobody_else(
    hands: Hands, sending: Claim
) -> None:
    hands.ledger.record_send_intent(sending)
    hands.ledger.transitions.postpone(sending, hands.ledger.now() + 60)
    assert hands.claim(Stage.DELIVER) == []
    # Whoever asks why a picture is late finds the reason in its story.
    assert hands.job(sending.job.id).history[-1].event == "postponed"
    hands.skip_pauses()
    again = hands.take(Stage.DELIVER)
    assert (again.job.attempts, again.ambiguous) == (0, False)


def test_who_lost_the_lease_cannot_postpone(hands: Hands, sending: Claim) -> None:
    hands.expire(sending)
    with pytest.raises(LeaseLost):
        hands.ledger.transitions.postpone(sending, hands.ledger.now() + 60)


def test_an_ended_job_is_in_nobodys_line(hands: Hands, sending: Claim) -> None:
    hands.ledger.record_send_intent(sending)
    hands.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="message-7")
    job = hands.job(sending.job.id)
    assert (job.outcome, job.receipt, job.stage) == (Outcome.ANSWERED, "message-7", None)
    assert hands.ledger.open_jobs("web", "ann") == ()
    assert hands.ledger.past_jobs("web", "ann") == (job.id,)
    assert hands.ledger.standing(job.id).position == 0


def test_the_photos_of_an_ended_job_are_rubbish(hands: Hands, sending: Claim) -> None:
    hands.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    rubbish = hands.services.redis.lrange(f"{hands.services.settings.namespace}:deletions", 0, -1)
    assert rubbish == [f"photos/{sending.job.id}.png"]
    assert hands.job(sending.job.id).photos == ()


def test_an_answer_that_cannot_be_sent_is_given_up_and_can_be_revived(
    hands: Hands, sending: Claim
) -> None:
    hands.ledger.transitions.fail(sending, "send-failed", most=1)
    assert hands.job(sending.job.id).outcome is Outcome.UNDELIVERABLE
    assert hands.ledger.retry_dead(sending.job.id)
    hands.fetch()
    hands.paint()
    again = hands.take(Stage.DELIVER)
    assert again.ambiguous, "the given-up answer may stand after all"


def test_a_revived_job_has_all_its_time_again(hands: Hands, sending: Claim) -> None:
    record = f"{hands.services.settings.namespace}:job:{sending.job.id}"
    hands.ledger.transitions.fail(sending, "send-failed", most=1)
    hands.services.redis.hincrby(record, "admitted", -2 * 86_400_000)  # the operator comes back
    hands.ledger.retry_dead(sending.job.id)
    assert hands.ledger.now() - hands.job(sending.job.id).admitted_at < 60


def test_whose_person_was_answered_is_not_revived(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.ledger.transitions.fail(hands.take(Stage.FETCH), "fetch-failed", most=1)
    assert not hands.ledger.retry_dead(job_id)
    hands.deliver()
    assert not hands.ledger.retry_dead(job_id)
    assert hands.ledger.discard_dead(job_id)
    assert not hands.ledger.discard_dead(job_id)
