"""When a worker dies, only a job that was alone in its hands pays; all others are suspect and tried alone."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.models import Claim, Outcome, Stage
from tests.tasks.hands import Hands, MakeAsk, MakeHands


@pytest.fixture
def crowd(hands: Hands, ask: MakeAsk) -> list[Claim]:
    """A delivery and three photos to be fetched, all in the hands of one worker."""
    hands.admit(ask(person="painted"))
    hands.fetch()
    hands.paint()
    for person in ("ann", "poison", "bob"):
        hands.admit(ask(person=person))
    return [hands.take(Stage.DELIVER), *(hands.take(Stage.FETCH) for _ in range(3))]


def test_who_died_in_company_pays_nothing(hands: Hands, crowd: list[Claim]) -> None:
    hands.expire(*crowd)
    assert [hands.job(claim.job.id).attempts for claim in crowd] == [0] * 4


def test_it_is_the_same_when_the_leases_run_out_one_by_one(
    hands: Hands, crowd: list[Claim]
) -> None:
    for claim in crowd:
        hands.expire(claim)
    assert [hands.job(claim.job.id).attempts for claim in crowd] == [0] * 4


def test_a_worker_has_no_second_suspect_in_hand(hands: Hands, crowd: list[Claim]) -> None:
    hands.expire(*crowd)
    first = hands.take(Stage.FETCH)
    assert first.suspect
    assert hands.claim(Stage.FETCH) == []
    assert hands.claim(Stage.DELIVER) == []
    assert hands.take(Stage.FETCH, "other").suspect
    hands.ledger.transitions.fetched(first, ["photos/1"], "square")
    assert hands.take(Stage.FETCH).suspect


def test_a_photo_that_kills_ends_on_the_dead_list_and_its_neighbours_are_painted(
    hands: Hands, ask: MakeAsk, crowd: list[Claim]
) -> None:
    hands.expire(*crowd)
    deaths = 1
    while claims := hands.claim(Stage.FETCH):
        if claims[0].job.request.person == "poison":
            deaths += 1
            hands.expire(*claims)
        else:
            hands.ledger.transitions.fetched(claims[0], ["photos/1"], "square")
    assert deaths == 1 + hands.services.settings.max_attempts
    ends: dict[str, Any] = {}
    while hands.claim(Stage.RENDER, worker="look"):
        pass
    for claim in crowd[1:]:
        ends[claim.job.request.person] = hands.job(claim.job.id).reason
    assert ends == {"ann": "", "poison": "lease-expired", "bob": ""}
    assert len(hands.ledger.dead()) == 1


def test_a_stage_that_was_passed_clears_of_suspicion(hands: Hands, crowd: list[Claim]) -> None:
    hands.expire(*crowd)
    suspect = hands.take(Stage.FETCH)
    hands.ledger.transitions.fetched(suspect, ["photos/1"], "square")
    assert not hands.take(Stage.RENDER).suspect


def test_giving_back_does_not_clear_of_suspicion(hands: Hands, crowd: list[Claim]) -> None:
    hands.expire(*crowd)
    hands.ledger.transitions.release(hands.take(Stage.FETCH), "stopping")
    assert hands.take(Stage.FETCH).suspect


def test_a_fault_that_is_not_the_photos_is_borne_for_a_time_not_a_number_of_tries(
    hands_with: MakeHands, ask: MakeAsk
) -> None:
    hands = hands_with(fault_patience_s=600)
    job_id = hands.admit(ask())
    for _ in range(10):
        hands.ledger.transitions.retry_fault(hands.take(Stage.FETCH), "fetch-failed")
        hands.skip_pauses()
    assert (hands.job(job_id).stage, hands.job(job_id).attempts) == (Stage.FETCH, 0)

    record = f"{hands.services.settings.namespace}:job:{job_id}"
    hands.services.redis.hincrby(record, "since", -600_000)  # ten minutes pass
    hands.ledger.transitions.retry_fault(hands.take(Stage.FETCH), "fetch-failed")
    hands.deliver()
    job = hands.job(job_id)
    assert (job.outcome, job.reason, job.refunded) == (
        Outcome.APOLOGISED,
        "fetch-failed",
        True,
    )


def test_a_long_pause_between_two_faults_does_not_use_the_patience_up(
    hands: Hands, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    record = f"{hands.services.settings.namespace}:job:{job_id}"
    for _ in range(hands.services.settings.max_attempts - 1):
        hands.ledger.transitions.retry_fault(hands.take(Stage.FETCH), "fetch-failed")
        hands.services.redis.hincrby(record, "since", -86_400_000)
        hands.skip_pauses()
    assert hands.job(job_id).stage is Stage.FETCH


def test_what_a_fault_counted_is_forgotten_in_the_next_stage(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.ledger.transitions.retry_fault(hands.take(Stage.FETCH), "fetch-failed")
    hands.skip_pauses()
    hands.fetch()
    record = hands.services.redis.hkeys(f"{hands.services.settings.namespace}:job:{job_id}")
    assert not {b"faults", b"since", b"fails", b"suspect", b"by"} & set(record)
