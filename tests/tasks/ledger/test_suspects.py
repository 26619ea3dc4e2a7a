"""When a worker dies, only its sole job is charged an attempt; of several, all are suspect and run alone."""

from __future__ import annotations

from typing import Any

import pytest

from tasks.models import Claim, Outcome, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest


@pytest.fixture
def claims_of_worker(driver: LedgerDriver, make_request: MakeRequest) -> list[Claim]:
    """A delivery and three photos to be fetched, all leased by one worker."""
    driver.admit(make_request(person="painted"))
    driver.fetch()
    driver.paint()
    for person in ("ann", "crashing", "bob"):
        driver.admit(make_request(person=person))
    return [driver.take(Stage.DELIVER), *(driver.take(Stage.FETCH) for _ in range(3))]


def test_several_jobs_of_a_dead_worker_are_charged_no_attempt(
    driver: LedgerDriver, claims_of_worker: list[Claim]
) -> None:
    driver.expire(*claims_of_worker)
    assert [driver.job(claim.job.id).attempts for claim in claims_of_worker] == [0] * 4


def test_no_attempt_is_charged_if_the_leases_expire_one_by_one(
    driver: LedgerDriver, claims_of_worker: list[Claim]
) -> None:
    for claim in claims_of_worker:
        driver.expire(claim)
    assert [driver.job(claim.job.id).attempts for claim in claims_of_worker] == [0] * 4


def test_a_worker_claims_one_suspect_at_a_time(
    driver: LedgerDriver, claims_of_worker: list[Claim]
) -> None:
    driver.expire(*claims_of_worker)
    first = driver.take(Stage.FETCH)
    assert first.suspect
    assert driver.claim(Stage.FETCH) == []
    assert driver.claim(Stage.DELIVER) == []
    assert driver.take(Stage.FETCH, "other").suspect
    driver.ledger.transitions.fetched(first, ["photos/1"], "square")
    assert driver.take(Stage.FETCH).suspect


def test_a_photo_that_crashes_workers_ends_on_the_dead_list_and_others_are_painted(
    driver: LedgerDriver, make_request: MakeRequest, claims_of_worker: list[Claim]
) -> None:
    driver.expire(*claims_of_worker)
    deaths = 1
    while claims := driver.claim(Stage.FETCH):
        if claims[0].job.request.person == "crashing":
            deaths += 1
            driver.expire(*claims)
        else:
            driver.ledger.transitions.fetched(claims[0], ["photos/1"], "square")
    assert deaths == 1 + driver.services.settings.max_attempts
    ends: dict[str, Any] = {}
    while driver.claim(Stage.RENDER, worker="look"):
        pass
    for claim in claims_of_worker[1:]:
        ends[claim.job.request.person] = driver.job(claim.job.id).reason
    assert ends == {"ann": "", "crashing": "lease-expired", "bob": ""}
    assert len(driver.ledger.dead()) == 1


def test_a_completed_stage_clears_the_suspect_mark(
    driver: LedgerDriver, claims_of_worker: list[Claim]
) -> None:
    driver.expire(*claims_of_worker)
    suspect = driver.take(Stage.FETCH)
    driver.ledger.transitions.fetched(suspect, ["photos/1"], "square")
    assert not driver.take(Stage.RENDER).suspect


def test_a_release_keeps_the_suspect_mark(
    driver: LedgerDriver, claims_of_worker: list[Claim]
) -> None:
    driver.expire(*claims_of_worker)
    driver.ledger.transitions.release(driver.take(Stage.FETCH), "stopping")
    assert driver.take(Stage.FETCH).suspect


def test_a_fault_without_a_photo_as_cause_is_retried_for_a_time(
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


def test_a_long_time_between_two_faults_does_not_count(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    record = f"{driver.services.settings.namespace}:job:{job_id}"
    for _ in range(driver.services.settings.max_attempts - 1):
        driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
        driver.services.redis.hincrby(record, "since", -86_400_000)
        driver.skip_pauses()
    assert driver.job(job_id).stage is Stage.FETCH


def test_faults_do_not_count_in_the_next_stage(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.retry_fault(driver.take(Stage.FETCH), "fetch-failed")
    driver.skip_pauses()
    driver.fetch()
    record = driver.services.redis.hkeys(f"{driver.services.settings.namespace}:job:{job_id}")
    assert not {"faults", "since", "fails", "suspect", "by"} & set(record)
