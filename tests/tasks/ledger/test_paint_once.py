"""A viral photo is painted once; what is private stays apart."""

from __future__ import annotations

import pytest

from tasks.models import Stage
from tests.tasks.hands import Hands, MakeAsk

KEY = "the-same-painting"


@pytest.fixture
def crowd(hands: Hands, ask: MakeAsk) -> list[str]:
    """Five people who asked for the same painting; their photos are fetched."""
    jobs = [hands.admit(ask(person=f"p{number}")) for number in range(5)]
    for _ in jobs:
        hands.fetch(KEY)
    return jobs


def test_those_who_ask_meanwhile_wait_for_the_first_one(hands: Hands, crowd: list[str]) -> None:
    painting = hands.paint()
    assert hands.claim(Stage.RENDER) == []
    pictures = {hands.deliver().job.pictures for _ in crowd}
    assert pictures == {(f"pictures/{painting.job.id}.jpg",)}


def test_who_asks_afterwards_gets_the_stored_picture(
    hands: Hands, crowd: list[str], ask: MakeAsk
) -> None:
    hands.paint()
    late = hands.admit(ask(person="late"))
    hands.fetch(KEY)
    assert "reused" in hands.events(late)
    assert hands.job(late).stage is Stage.DELIVER


def test_who_waits_stands_where_the_first_one_stands(hands: Hands, crowd: list[str]) -> None:
    assert {hands.ledger.standing(job).position for job in crowd} == {1}


def test_when_the_first_one_cancels_another_takes_over(hands: Hands, crowd: list[str]) -> None:
    hands.ledger.cancel(crowd[0])
    hands.ledger.sweep()
    hands.ledger.serve_waiters()
    hands.paint()
    assert len({hands.deliver().job.id for _ in range(4)}) == 4
    assert hands.claim(Stage.RENDER) == []


def test_what_cannot_be_painted_for_one_cannot_be_painted_for_the_others(
    hands: Hands, crowd: list[str]
) -> None:
    for _ in range(hands.services.settings.max_attempts):
        hands.expire(hands.take(Stage.RENDER))
        hands.skip_pauses()
    hands.ledger.serve_waiters()
    assert hands.claim(Stage.RENDER) == [], "the deadly photo was given to another painter"
    reasons = [hands.deliver().job.reason for _ in crowd]
    assert reasons == ["lease-expired"] * 5
    assert all(hands.job(job).refunded for job in crowd)


def test_a_verdict_meets_those_who_ask_anew_at_once(
    hands: Hands, crowd: list[str], ask: MakeAsk
) -> None:
    hands.ledger.transitions.decline(hands.take(Stage.RENDER), "unsafe-picture", {}, refund=False)
    late = hands.admit(ask(person="late"))
    hands.fetch(KEY)
    assert (hands.job(late).reason, hands.job(late).refunded) == ("unsafe-picture", False)


def test_a_thousand_waiters_are_served_in_short_steps(hands: Hands, ask: MakeAsk) -> None:
    for number in range(300):
        hands.admit(ask(person=f"p{number}", conversation=f"c{number}"))
        hands.fetch(KEY)
    painting = hands.take(Stage.RENDER)
    script = hands.ledger._scripts.run
    script("painted", painting.job.id, painting.fence, "pictures/1", 60_000, "")  # its worker dies
    step = hands.ledger._run("serve_waiters", 100)
    assert step == 100
    assert hands.ledger.serve_waiters(100) == 199
    assert len(hands.claim(Stage.DELIVER, 1000)) == 300


def test_who_was_forgotten_shares_no_picture(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask(person="ann"))
    hands.fetch(KEY)
    hands.paint()
    hands.deliver()
    hands.services.users.forget("web", "ann")
    late = hands.admit(ask(person="bob"))
    hands.fetch(KEY)
    assert hands.job(late).stage is Stage.RENDER
    assert hands.paint().job.id == late


def test_forgetting_one_who_got_a_shared_picture_leaves_it_to_its_owner(
    hands: Hands, crowd: list[str]
) -> None:
    leader = hands.paint().job
    for _ in crowd:
        hands.deliver()
    other = next(job for job in crowd if job != leader.id)
    hands.services.users.forget("web", hands.job(other).request.person)
    assert hands.services.blobs.get(f"pictures/{leader.id}.jpg") == b"picture"


def test_a_forgotten_picture_that_is_still_to_be_sent_to_others_is_painted_anew(
    hands: Hands, crowd: list[str]
) -> None:
    leader = hands.paint().job
    hands.services.users.forget("web", leader.request.person)
    claim = hands.take(Stage.DELIVER)
    hands.ledger.transitions.rewind_to(claim, Stage.RENDER)
    assert hands.paint().job.id == claim.job.id
    assert claim.job.id in {hands.deliver().job.id for _ in range(4)}


def test_another_engine_paints_anew(hands: Hands, ask: MakeAsk) -> None:
    announce = hands.services.controls.announce_engine
    announce("painter/2")
    hands.admit(ask(person="ann"))
    hands.fetch(KEY)
    hands.ledger.transitions.painted(hands.take(Stage.RENDER), ["pictures/ann"], "painter/2")

    announce("painter/3")
    late = hands.admit(ask(person="bob"))
    hands.fetch(KEY)
    assert hands.job(late).stage is Stage.RENDER
    hands.ledger.transitions.painted(hands.take(Stage.RENDER), ["pictures/bob"], "painter/3")

    latest = hands.admit(ask(person="cid"))
    hands.fetch(KEY)
    assert hands.job(latest).pictures == ("pictures/bob",)


def test_a_picture_counts_as_its_painters_whoever_was_known_when_its_photo_came(
    hands: Hands, ask: MakeAsk
) -> None:
    hands.services.controls.announce_engine("painter/2")
    hands.admit(ask(person="ann"))
    hands.fetch(KEY)
    hands.services.controls.announce_engine("painter/3")
    hands.ledger.transitions.painted(hands.take(Stage.RENDER), ["pictures/ann"], "painter/3")

    late = hands.admit(ask(person="bob"))
    hands.fetch(KEY)
    assert hands.job(late).pictures == ("pictures/ann",)


def test_what_cannot_be_painted_is_not_tried_by_the_faster_recipe(
    hands: Hands, crowd: list[str], ask: MakeAsk
) -> None:
    hands.ledger.transitions.decline(hands.take(Stage.RENDER), "unsafe-picture", {}, refund=False)
    hands.services.redis.set(f"{hands.services.settings.namespace}:overload_level", "brownout")
    late = hands.admit(ask(person="late"))
    hands.fetch(KEY)
    assert hands.job(late).reason == "unsafe-picture"


def test_a_brownouts_draft_is_not_given_to_those_who_come_later(hands: Hands, ask: MakeAsk) -> None:
    ladder = f"{hands.services.settings.namespace}:overload_level"
    hands.services.redis.set(ladder, "brownout")
    draft = hands.admit(ask(person="ann"))
    hands.fetch(KEY)
    assert hands.job(draft).draft
    hands.paint()
    hands.services.redis.set(ladder, "normal")
    later = hands.admit(ask(person="bob"))
    hands.fetch(KEY)
    assert hands.job(later).stage is Stage.RENDER
    assert not hands.job(later).draft
