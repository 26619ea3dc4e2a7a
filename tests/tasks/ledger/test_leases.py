"""A job is leased to one worker at a time, and to another one if that worker dies."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def test_two_workers_never_hold_the_same_job(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    assert len(driver.claim(Stage.FETCH)) == 1
    assert driver.claim(Stage.FETCH) == []


def test_the_job_of_a_dead_worker_is_claimed_by_another(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    first = driver.take(Stage.FETCH)
    driver.expire(first)
    driver.skip_pauses()
    second = driver.take(Stage.FETCH)
    assert second.job.id == first.job.id
    assert second.fence > first.fence


def test_a_worker_with_an_expired_lease_cannot_complete(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    zombie = driver.take(Stage.FETCH)
    driver.expire(zombie)
    driver.skip_pauses()
    living = driver.take(Stage.FETCH)
    with pytest.raises(LeaseLost):
        driver.ledger.transitions.fetched(zombie, ["photos/zombie"], "square")
    driver.ledger.transitions.fetched(living, ["photos/living"], "square")
    with pytest.raises(LeaseLost):
        driver.ledger.transitions.fail(zombie, "late", 3)
    assert driver.job(living.job.id).photos == ("photos/living",)


def test_a_lease_is_renewed_as_long_as_it_is_held(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person="ann"))
    driver.admit(make_request(person="bob"))
    held, lost = driver.take(Stage.FETCH), driver.take(Stage.FETCH)
    driver.expire(lost)
    assert driver.ledger.renew([held, lost]) == {lost.job.id}
    assert driver.ledger.sweep() == (0, 0)


def test_a_call_repeated_after_a_broken_connection_succeeds(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    fetching = driver.take(Stage.FETCH)
    driver.ledger.transitions.fetched(fetching, ["photos/1"], "square")
    driver.ledger.transitions.fetched(fetching, ["photos/1"], "square")
    painting = driver.take(Stage.RENDER)
    driver.ledger.transitions.painted(painting, ["pictures/1"])
    driver.ledger.transitions.painted(painting, ["pictures/1"])
    sending = driver.take(Stage.DELIVER)
    driver.ledger.record_send_intent(sending)
    driver.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    driver.ledger.transitions.finish(sending, Outcome.ANSWERED, receipt="r")
    assert driver.events(sending.job.id).count("answered") == 1


def test_a_failed_attempt_is_delayed_before_the_next(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "fetch-failed", most=3)
    assert driver.claim(Stage.FETCH) == []
    driver.skip_pauses()
    assert driver.take(Stage.FETCH).job.attempts == 1
    assert "retry" in driver.events(job_id)


def test_a_photo_that_crashes_its_workers_ends_with_an_apology_on_the_dead_list(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    for _ in range(driver.services.settings.max_attempts):
        driver.expire(driver.take(Stage.FETCH))
        driver.skip_pauses()
    assert driver.claim(Stage.FETCH) == []
    sending = driver.deliver()
    assert sending.job.reason == "lease-expired"
    assert driver.job(job_id).outcome is Outcome.APOLOGISED
    assert [dead for dead, _ in driver.ledger.dead()] == [job_id]


def test_a_photo_that_crashed_a_worker_is_painted_alone(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for person in ("ann", "crashing", "bob"):
        driver.admit(make_request(person=person))
        driver.fetch()
    batch = driver.claim(Stage.RENDER, most=8)
    assert len(batch) == 3
    driver.expire(*batch)
    batches = [driver.claim(Stage.RENDER, 8, f"painter-{n}") for n in range(3)]
    assert [len(batch) for batch in batches] == [1, 1, 1]


def test_a_claim_returns_at_most_the_requested_number_of_photos(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for person in ("ann", "bob", "cid"):
        driver.admit(make_request(person=person))
        claim = driver.take(Stage.FETCH)
        driver.ledger.transitions.fetched(
            claim, [f"photos/{person}/{n}" for n in range(3)], "square"
        )
    assert len(driver.claim(Stage.RENDER, most=8)) == 2


def test_leases_expire_later_after_a_restart_of_the_server(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    leases = f"{driver.services.settings.namespace}:leases:fetch"
    just_over = driver.ledger.now() * 1000 - 1
    driver.services.redis.zadd(leases, {claim.job.id: just_over}, xx=True)
    grace = int(driver.services.redis.info("server")["uptime_in_seconds"] + 2) * 1000
    driver.ledger._lease_ms = grace  # as if the server were younger than a lease
    assert driver.ledger.sweep() == (0, 0)
    driver.ledger._lease_ms = 1
    assert driver.ledger.sweep()[0] == 1


def test_rewinding_for_lost_files_is_bounded(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    for _ in range(driver.services.settings.max_attempts + 1):
        driver.fetch()
        driver.ledger.transitions.rewind_to(driver.take(Stage.RENDER), Stage.FETCH)
    assert driver.deliver().job.reason == "storage-failed"
    assert driver.job(job_id).refunded


def test_a_late_progress_report_does_not_recreate_a_forgotten_job(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.fetch()
    painting = driver.take(Stage.RENDER)
    driver.ledger.progress([painting], 0.5)
    assert driver.ledger.queue_status(painting.job.id).progress == 0.5
    driver.services.users.forget("web", "ann")
    driver.ledger.progress([painting], 0.7)
    record = f"{driver.services.settings.namespace}:job:{painting.job.id}"
    assert not driver.services.redis.exists(record)
