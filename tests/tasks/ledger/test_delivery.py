"""An answer is sent once: no send without an intent on disk, no job ends twice."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Outcome, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


@pytest.fixture
def sending(driver: LedgerDriver, make_request: MakeRequest) -> Claim:
    """A job that is painted and claimed for delivery."""
    driver.admit(make_request())
    driver.fetch()
    driver.paint()
    return driver.take(Stage.DELIVER)


def test_a_claim_after_a_send_intent_is_ambiguous(driver: LedgerDriver, sending: Claim) -> None:
    assert not sending.ambiguous
    driver.ledger.record_send_intent(sending)
    driver.expire(sending)
    driver.skip_pauses()
    assert driver.take(Stage.DELIVER).ambiguous


def test_a_claim_without_a_send_intent_is_not_ambiguous(
    driver: LedgerDriver, sending: Claim
) -> None:
    driver.expire(sending)
    driver.skip_pauses()
    assert not driver.take(Stage.DELIVER).ambiguous


def test_a_worker_without_its_lease_cannot_record_a_send_intent(
    driver: LedgerDriver, sending: Claim
) -> None:
    driver.expire(sending)
    with pytest.raises(LeaseLost):
        driver.ledger.record_send_intent(sending)


@pytest.mark.parametrize("maybe_sent", [True, False])
def test_only_a_send_that_may_have_gone_through_stays_ambiguous(
    driver: LedgerDriver, sending: Claim, maybe_sent: bool
) -> None:
    driver.ledger.record_send_intent(sending)
    driver.ledger.transitions.fail(sending, "trouble", most=10, maybe_sent=maybe_sent)
    driver.skip_pauses()
    assert driver.take(Stage.DELIVER).ambiguous is maybe_sent


def test_a_pause_of_the_platform_counts_no_attempt(driver: LedgerDriver, sending: Claim) -> None:
    driver.services.controls.pause(Stage.DELIVER, "web", until=driver.ledger.now() + 60)
    driver.ledger.record_send_intent(sending)
    driver.ledger.transitions.release(sending, "429")
    assert driver.claim(Stage.DELIVER) == []
    driver.services.controls.resume(Stage.DELIVER, "web")
    again = driver.take(Stage.DELIVER)
    assert (again.job.attempts, again.ambiguous) == (0, False)


def test_a_rate_limited_chat_counts_no_attempt_and_delays_no_other_chat(
    driver: LedgerDriver, sending: Claim
) -> None:
    driver.ledger.record_send_intent(sending)
    driver.ledger.transitions.postpone(sending, driver.ledger.now() + 60)
    assert driver.claim(Stage.DELIVER) == []
    # The history explains why a picture is late.
    assert driver.job(sending.job.id).history[-1].event == "postponed"
    driver.skip_pauses()
    again = driver.take(Stage.DELIVER)
    assert (again.job.attempts, again.ambiguous) == (0, False)


def test_a_worker_without_its_lease_cannot_postpone(driver: LedgerDriver, sending: Claim) -> None:
    driver.expire(sending)
    with pytest.raises(LeaseLost):
        driver.ledger.transitions.postpone(sending, driver.ledger.now() + 60)


def test_an_ended_job_has_no_position(driver: LedgerDriver, sending: Claim) -> None:
    driver.ledger.record_send_intent(sending)
    driver.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="message-7")
    job = driver.job(sending.job.id)
    assert (job.outcome, job.receipt, job.stage) == (Outcome.ANSWERED, "message-7", None)
    assert driver.ledger.open_jobs("web", "ann") == ()
    assert driver.ledger.past_jobs("web", "ann") == (job.id,)
    assert driver.ledger.queue_status(job.id).position == 0


def test_the_photos_of_an_ended_job_are_queued_for_deletion(
    driver: LedgerDriver, sending: Claim
) -> None:
    driver.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    deletions = driver.services.redis.lrange(
        f"{driver.services.settings.namespace}:deletions", 0, -1
    )
    assert deletions == [f"photos/{sending.job.id}.png"]
    assert driver.job(sending.job.id).photos == ()


def test_an_answer_that_cannot_be_sent_ends_on_the_dead_list_and_can_be_retried(
    driver: LedgerDriver, sending: Claim
) -> None:
    driver.ledger.transitions.fail(sending, "send-failed", most=1)
    assert driver.job(sending.job.id).outcome is Outcome.UNDELIVERABLE
    assert driver.ledger.retry_dead(sending.job.id)
    driver.fetch()
    driver.paint()
    again = driver.take(Stage.DELIVER)
    assert again.ambiguous, "the given-up answer may stand after all"


def test_a_retried_job_has_its_full_time_again(driver: LedgerDriver, sending: Claim) -> None:
    record = f"{driver.services.settings.namespace}:job:{sending.job.id}"
    driver.ledger.transitions.fail(sending, "send-failed", most=1)
    driver.services.redis.hincrby(record, "admitted", -2 * 86_400_000)  # the operator comes back
    driver.ledger.retry_dead(sending.job.id)
    assert driver.ledger.now() - driver.job(sending.job.id).admitted_at < 60


def test_a_dead_job_whose_person_was_answered_is_not_retried(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "fetch-failed", most=1)
    assert not driver.ledger.retry_dead(job_id)
    driver.deliver()
    assert not driver.ledger.retry_dead(job_id)
    assert driver.ledger.discard_dead(job_id)
    assert not driver.ledger.discard_dead(job_id)
