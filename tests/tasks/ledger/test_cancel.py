"""People change their minds, as long as no answer is on its way."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, Stage
from tests.tasks.hands import Hands, MakeAsk


def test_a_waiting_job_is_cancelled(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    assert hands.ledger.cancel(job_id, "ann")
    assert hands.job(job_id).outcome is Outcome.CANCELLED
    assert hands.claim(Stage.FETCH) == []
    assert not hands.ledger.cancel(job_id, "ann")


def test_only_its_own_person_or_the_operator_cancels(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    assert not hands.ledger.cancel(job_id, "bob")
    assert not hands.ledger.cancel(job_id, "")
    assert hands.ledger.cancel(job_id)


def test_the_worker_of_a_cancelled_job_drops_it(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.fetch()
    painting = hands.take(Stage.RENDER)
    assert hands.ledger.cancel(job_id, "ann")
    assert hands.ledger.renew([painting]) == {job_id}
    with pytest.raises(LeaseLost):
        hands.ledger.transitions.painted(painting, ["pictures/1"])


def test_a_job_whose_answer_may_be_on_its_way_is_not_cancelled(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.fetch()
    hands.paint()
    hands.ledger.record_send_intent(hands.take(Stage.DELIVER))
    assert not hands.ledger.cancel(job_id, "ann")


def test_a_job_between_two_tries_is_cancelled(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.ledger.transitions.fail(hands.take(Stage.FETCH), "fetch-failed", most=3)
    assert hands.ledger.cancel(job_id, "ann")
    hands.skip_pauses()
    assert hands.claim(Stage.FETCH) == []
