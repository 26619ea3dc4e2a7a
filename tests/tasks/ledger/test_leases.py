"""A job belongs to one worker at a time, and to the next when that one dies."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, Stage
from tests.tasks.hands import Hands, MakeAsk


def test_two_workers_never_hold_the_same_job(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    assert len(hands.claim(Stage.FETCH)) == 1
    assert hands.claim(Stage.FETCH) == []


def test_a_dead_workers_job_goes_to_another(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    first = hands.take(Stage.FETCH)
    hands.expire(first)
    hands.skip_pauses()
    second = hands.take(Stage.FETCH)
    assert second.job.id == first.job.id
    assert second.fence > first.fence


def test_a_worker_that_was_thought_dead_cannot_complete(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    zombie = hands.take(Stage.FETCH)
    hands.expire(zombie)
    hands.skip_pauses()
    living = hands.take(Stage.FETCH)
    with pytest.raises(LeaseLost):
        hands.ledger.transitions.fetched(zombie, ["photos/zombie"], "square")
    hands.ledger.transitions.fetched(living, ["photos/living"], "square")
    with pytest.raises(LeaseLost):
        hands.ledger.transitions.fail(zombie, "late", 3)
    assert hands.job(living.job.id).photos == ("photos/living",)


def test_a_lease_is_renewed_as_long_as_it_is_held(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask(person="ann"))
    hands.admit(ask(person="bob"))
    held, lost = hands.take(Stage.FETCH), hands.take(Stage.FETCH)
    hands.expire(lost)
    assert hands.ledger.renew([held, lost]) == {lost.job.id}
    assert hands.ledger.sweep() == (0, 0)


def test_a_call_that_is_repeated_after_a_broken_connection_is_no_loss(
    hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask())
    fetching = hands.take(Stage.FETCH)
    hands.ledger.transitions.fetched(fetching, ["photos/1"], "square")
    hands.ledger.transitions.fetched(fetching, ["photos/1"], "square")
    painting = hands.take(Stage.RENDER)
    hands.ledger.transitions.painted(painting, ["pictures/1"])
    hands.ledger.transitions.painted(painting, ["pictures/1"])
    sending = hands.take(Stage.DELIVER)
    hands.ledger.record_send_intent(sending)
    hands.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    hands.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    assert hands.events(sending.job.id).count("answered") == 1


def test_a_failed_try_waits_before_the_next(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.ledger.transitions.fail(hands.take(Stage.FETCH), "fetch-failed", most=3)
    assert hands.claim(Stage.FETCH) == []
    hands.skip_pauses()
    assert hands.take(Stage.FETCH).job.attempts == 1
    assert "retry" in hands.events(job_id)


def test_a_photo_that_kills_its_workers_ends_in_an_apology_and_on_the_dead_list(
    hands: Hands, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    for _ in range(hands.services.settings.max_attempts):
        hands.expire(hands.take(Stage.FETCH))
        hands.skip_pauses()
    assert hands.claim(Stage.FETCH) == []
    sending = hands.deliver()
    assert sending.job.reason == "lease-expired"
    assert hands.job(job_id).outcome is Outcome.APOLOGISED
    assert [dead for dead, _ in hands.ledger.dead()] == [job_id]


def test_a_photo_that_killed_a_worker_is_painted_alone(hands: Hands, ask: MakeAsk) -> None:
    for person in ("ann", "poison", "bob"):
        hands.admit(ask(person=person))
        hands.fetch()
    batch = hands.claim(Stage.RENDER, most=8)
    assert len(batch) == 3
    hands.expire(*batch)
    batches = [hands.claim(Stage.RENDER, 8, f"painter-{n}") for n in range(3)]
    assert [len(batch) for batch in batches] == [1, 1, 1]


def test_a_batch_takes_no_more_photos_than_wanted(hands: Hands, ask: MakeAsk) -> None:
    for person in ("ann", "bob", "cid"):
        hands.admit(ask(person=person))
        claim = hands.take(Stage.FETCH)
        hands.ledger.transitions.fetched(
            claim, [f"photos/{person}/{n}" for n in range(3)], "square"
        )
    assert len(hands.claim(Stage.RENDER, most=8)) == 2


def test_a_new_server_gives_the_holders_time_to_renew(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    claim = hands.take(Stage.FETCH)
    leases = f"{hands.services.settings.namespace}:leases:fetch"
    just_over = hands.ledger.now() * 1000 - 1
    hands.services.redis.zadd(leases, {claim.job.id: just_over}, xx=True)
    grace = int(hands.services.redis.info("server")["uptime_in_seconds"] + 2) * 1000
    hands.ledger._lease_ms = grace  # as if the server were younger than a lease
    assert hands.ledger.sweep() == (0, 0)
    hands.ledger._lease_ms = 1
    assert hands.ledger.sweep()[0] == 1


def test_going_back_for_lost_files_is_bounded(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    for _ in range(hands.services.settings.max_attempts + 1):
        hands.fetch()
        hands.ledger.transitions.rewind_to(hands.take(Stage.RENDER), Stage.FETCH)
    assert hands.deliver().job.reason == "storage-failed"
    assert hands.job(job_id).refunded


def test_a_late_progress_does_not_bring_a_forgotten_job_back(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.fetch()
    painting = hands.take(Stage.RENDER)
    hands.ledger.progress([painting], 0.5)
    assert hands.ledger.standing(painting.job.id).progress == 0.5
    hands.services.users.forget("web", "ann")
    hands.ledger.progress([painting], 0.7)
    record = f"{hands.services.settings.namespace}:job:{painting.job.id}"
    assert not hands.services.redis.exists(record)
