"""Cooldown and quota come back when the bot fails, not when the photo was at fault."""

from __future__ import annotations

import pytest

from tasks.models import Outcome, Stage
from tasks.settings import Limits
from tests.tasks.hands import Hands, MakeAsk, MakeHands


@pytest.fixture
def hands(hands_with: MakeHands) -> Hands:
    """Hands on a ledger where everybody has one photo a day."""
    return hands_with(limits=Limits(cooldown_s=600, daily_quota=1))


def test_the_bots_failure_gives_the_wait_back(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.ledger.transitions.decline(hands.take(Stage.FETCH), "photo-gone", {}, refund=True)
    hands.deliver()
    hands.admit(ask())


def test_the_photos_fault_does_not(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.ledger.transitions.decline(hands.take(Stage.FETCH), "too-small", {}, refund=False)
    hands.deliver()
    assert not hands.job(job_id).refunded
    assert hands.refuse(ask()).reason == "cooldown"


def test_a_job_that_is_given_up_gives_the_wait_back(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.ledger.transitions.fail(hands.take(Stage.FETCH), "fetch-failed", most=1)
    hands.admit(ask())


def test_an_answer_that_cannot_be_sent_gives_the_wait_back(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.fetch()
    hands.paint()
    hands.ledger.transitions.fail(hands.take(Stage.DELIVER), "send-failed", most=1)
    hands.admit(ask())


def test_what_was_given_back_is_not_given_back_again(hands_with: MakeHands, ask: MakeAsk) -> None:
    hands = hands_with(limits=Limits(cooldown_s=0, daily_quota=3, open_per_person=9))
    hands.admit(ask("first"))
    hands.admit(ask("second"))
    hands.fetch()
    hands.paint()
    first = hands.take(Stage.DELIVER)
    hands.ledger.transitions.fail(first, "send-failed", most=1)
    assert hands.ledger.retry_dead(first.job.id)
    hands.ledger.transitions.decline(hands.take(Stage.FETCH), "photo-gone", {}, refund=True)
    hands.admit(ask("third"))
    hands.admit(ask("fourth"))
    assert hands.refuse(ask("fifth")).reason == "quota"


def test_one_jobs_refund_leaves_the_cooldown_of_a_later_one(
    hands_with: MakeHands, ask: MakeAsk
) -> None:
    hands = hands_with(limits=Limits(cooldown_s=0))
    hands.admit(ask("first"))
    first = hands.take(Stage.FETCH)
    slow = hands_with(limits=Limits(cooldown_s=600))
    slow.admit(ask("second"))
    hands.ledger.transitions.decline(first, "photo-gone", {}, refund=True)
    assert slow.refuse(ask("third")).reason == "cooldown"


def test_a_painting_gives_nothing_back(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.whole()
    assert hands.job(job_id).outcome is Outcome.ANSWERED
    assert hands.refuse(ask()).reason == "cooldown"
