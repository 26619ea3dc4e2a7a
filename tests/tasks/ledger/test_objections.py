"""A ban or an opt-out that comes after the admission holds until the last moment."""

from __future__ import annotations

import pytest

from bots.web.platform import WebPlatform
from tasks.ledger.ledger import Objection
from tasks.models import Outcome, PhotoRef, Stage
from tests.bots.x.desk import Desk
from tests.tasks.hands import Hands, MakeAsk

OWNER = PhotoRef("photo", owner="olga")


def opt_out(hands: Hands) -> None:
    hands.services.users.forget("web", "olga", opt_out=True)


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.RENDER])
def test_no_stage_works_on_a_photo_whose_owner_opted_out(
    hands: Hands, ask: MakeAsk, stage: Stage
) -> None:
    job_id = hands.admit(ask(photos=(OWNER,)))
    if stage is Stage.RENDER:
        hands.fetch()
    opt_out(hands)

    assert hands.claim(stage) == []

    assert hands.job(job_id).stage is Stage.DELIVER
    assert hands.deliver().job.reason == "owner-opted-out"
    assert hands.job(job_id).outcome is Outcome.APOLOGISED


def test_a_painting_is_not_sent_once_the_owner_of_its_photo_opted_out(
    hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask(photos=(OWNER,)))
    hands.fetch()
    hands.paint()
    claim = hands.take(Stage.DELIVER)
    opt_out(hands)

    with pytest.raises(Objection, match="owner-opted-out"):
        hands.ledger.record_send_intent(claim)

    hands.ledger.transitions.decline(claim, "owner-opted-out", {}, refund=True)
    assert hands.deliver().job.pictures == ()


def test_a_worker_sends_an_apology_in_place_of_the_painting(hands: Hands, ask: MakeAsk) -> None:
    desk = Desk(hands.services, {"web": WebPlatform(hands.services)})
    job_id = desk.painted("mention", platform="web", photos=(OWNER,))
    opt_out(hands)

    desk.deliver(job_id)

    assert hands.deliver().job.reason == "owner-opted-out"


def test_a_painting_that_was_on_its_way_is_taken_back(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask(photos=(OWNER,)))
    hands.fetch()
    hands.paint()
    claim = hands.take(Stage.DELIVER)
    hands.ledger.record_send_intent(claim)
    opt_out(hands)

    hands.ledger.transitions.finish(claim, Outcome.ANSWERED, receipt="the answer")

    assert hands.services.retractions.waiting() == 1
    assert hands.job(job_id).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("stage", Stage)
def test_a_banned_person_gets_nothing_any_more(hands: Hands, ask: MakeAsk, stage: Stage) -> None:
    job_id = hands.admit(ask(person="eve"))
    if stage is not Stage.FETCH:
        hands.fetch()
    if stage is Stage.DELIVER:
        hands.paint()
    hands.services.users.ban("web", "eve")

    for claim in hands.claim(stage):
        with pytest.raises(Objection, match="banned"):
            hands.ledger.record_send_intent(claim)
        hands.ledger.transitions.finish(claim, Outcome.CANCELLED, "banned")

    assert hands.job(job_id).outcome is Outcome.CANCELLED
    assert hands.job(job_id).reason == "banned"


def test_others_who_wait_for_the_same_painting_get_it_all_the_same(
    hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask(person="bob", photos=(OWNER,)))
    hands.fetch(paint_key="same")
    other = hands.admit(ask(person="cid"))
    hands.fetch(paint_key="same")
    opt_out(hands)

    assert hands.claim(Stage.RENDER) == []
    hands.ledger.serve_waiters()

    assert hands.paint().job.id == other
