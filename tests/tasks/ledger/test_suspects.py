"""When a worker dies, only its sole job is charged an attempt; of several, all are suspect and run alone."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.models import Claim, Outcome, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest


@pytest.fixture
def crowd(driver: LedgerDriver, make_request: MakeRequest) -> list[Claim]:
    """A delivery and three photos to be fetched, all leased by one worker."""
    driver.admit(make_request(person="painted"))
    driver.fetch()
    driver.paint()
    for person in ("ann", "poison", "bob"):
        driver.admit(make_request(person=person))
    return [driver.take(Stage.DELIVER), *(driver.take(Stage.FETCH) for _ in range(3))]


def test_who_died_in_company_pays_nothing(driver: LedgerDriver, crowd: list[Claim]) -> None:
    driver.expire(*crowd)
    assert [driver.job(claim.job.id).attempts for claim in crowd] == [0] * 4


def test_it_is_the_same_when_the_leases_run_out_one_by_one(
    driver: LedgerDriver, crowd: list[Claim]
) -> None:
    for claim in crowd:
        driver.expire(claim)
    assert [driver.job(claim.job.id).attempts for claim in crowd] == [0] * 4


def test_a_worker_has_no_second_suspect_in_hand(driver: LedgerDriver, crowd: list[Claim]) -> None:
    driver.expire(*crowd)
    first = driver.take(Stage.FETCH)
    assert first.suspect
    assert driver.claim(Stage.FETCH) == []
    assert driver.claim(Stage.DELIVER) == []
    assert driver.take(Stage.FETCH, "other").suspect
    driver.ledger.transitions.fetched(first, ["photos/1"], "square")
    assert driver.take(Stage.FETCH).suspect


def test_a_photo_that_kills_ends_on_the_dead_list_and_its_neighbours_are_painted(
    driver: LedgerDriver, make_request: MakeRequest, crowd: list[Claim]
) -> None:
    driver.expire(*crowd)
    deaths = 1
    while claims := driver.claim(Stage.FETCH):
        if claims[0].job.request.person == "poison":
            deaths += 1
            driver.expire(*claims)
        else:
            driver.ledger.transitions.fetched(claims[0], ["photos/1"], "square")
    assert deaths == 1 + driver.services.settings.max_attempts
    ends: dict[str, Any] = {}
    while driver.claim(Stage.RENDER, worker="look"):
        pass
    for claim in crowd[1:]:
        ends[claim.job.request.person] = driver.job(claim.job.id).reason
    assert ends == {"ann": "", "poison": "lease-expired", "bob": ""}
    assert len(driver.ledger.dead()) == 1


def test_a_stage_that_was_passed_clears_of_suspicion(
    driver: LedgerDriver, crowd: list[Claim]
) -> None:
    driver.expire(*crowd)
    suspect = driver.take(Stage.FETCH)
    driver.ledger.transitions.fetched(suspect, ["photos/1"], "square")
    assert not driver.take(Stage.RENDER).suspect


def test_giving_back_does_not_clear_of_suspicion(driver: LedgerDriver, crowd: list[Claim]) -> None:
    driver.expire(*crowd)
    driver.ledger.transitions.release(driver.take(Stage.FETCH), "stopping")
    assert driver.take(Stage.FETCH).suspect


def test_a_fault_that_is_not_the_photos_is_borne_for_a_time_not_a_number_of_tries(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(fault_patience_s=600)
    job_id = driver.admit(make_request())
    for _ in range(10):
        driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
        driver.skip_pauses()
    assert (driver.job(job_id).stage, driver.job(job_id).attempts) == (Stage.FETCH, 0)

    record = f"{driver.services.settings.namespace}:job:{job_id}"
    driver.services.redis.hincrby(record, "since", -600_000)  # ten minutes pass
    driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
    driver.deliver()
    job = driver.job(job_id)
    assert (job.outcome, job.reason, job.refunded) == (
        Outcome.APOLOGISED,
        "fetch-failed",
        True,
    )


def test_a_long_pause_between_two_faults_does_not_use_the_patience_up(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    record = f"{driver.services.settings.namespace}:job:{job_id}"
    for _ in range(driver.services.settings.max_attempts - 1):
        driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
        driver.services.redis.hincrby(record, "since", -86_400_000)
        driver.skip_pauses()
    assert driver.job(job_id).stage is Stage.FETCH


def test_what_a_fault_counted_is_forgotten_in_the_next_stage(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
    driver.skip_pauses()
    driver.fetch()
    record = driver.services.redis.hkeys(f"{driver.services.settings.namespace}:job:{job_id}")
    assert not {"faults", "since", "fails", "suspect", "by"} & set(record)
