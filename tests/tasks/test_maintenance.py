"""Files are deleted after their retention, including files that a crash left behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from tasks.blobs import photo_key, picture_key
from tasks.maintenance import delete_expired_blobs, delete_queued_blobs, run_once
from tasks.models import Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest

NOW = datetime.now(UTC)


def test_the_photo_is_deleted_when_the_answer_is_delivered(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.whole()
    run_once(driver.services)
    assert list(driver.services.blobs.listing("photos")) == []
    assert len(list(driver.services.blobs.listing("pictures"))) == 1


def test_sweeping_twice_or_on_two_machines_changes_nothing_more(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.whole()
    assert delete_queued_blobs(driver.services) == 1
    assert delete_queued_blobs(driver.services) == 0
    run_once(driver.services)
    run_once(driver.services)


def test_a_photo_that_a_crash_left_behind_is_deleted(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    blobs = driver.services.blobs
    blobs.put(photo_key(claim, 0), b"orphan")
    blobs.put(picture_key(claim, 0), b"orphan")
    blobs.put("uploads/ann/1", b"orphan")

    assert delete_expired_blobs(driver.services, NOW) == 0
    assert delete_expired_blobs(driver.services, NOW + timedelta(hours=2)) == 2
    assert [key for key, *_ in blobs.listing("pictures")] == [picture_key(claim, 0)]
    assert delete_expired_blobs(driver.services, NOW + timedelta(days=8)) == 1


def test_two_claims_of_one_job_never_share_a_file(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    first = driver.take(Stage.FETCH)
    driver.expire(first)
    second = driver.take(Stage.FETCH)
    assert photo_key(first, 0) != photo_key(second, 0)


def test_a_key_that_the_store_refuses_does_not_block_others(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.whole()
    deletions = f"{driver.services.settings.namespace}:deletions"
    driver.services.redis.lpush(deletions, "photos/../../forbidden")
    with capture_logs():
        assert delete_queued_blobs(driver.services) == 1
    assert driver.services.redis.lrange(deletions, 0, -1) == ["photos/../../forbidden"]


def test_when_memory_is_low_the_oldest_records_are_deleted_first(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with()
    ended = driver.admit(make_request(person="ann"))
    driver.whole()
    waiting = driver.admit(make_request(person="bob"))
    run = driver.ledger._run
    assert run("prune", driver.ledger._keep_ms, 100, 0) == 0
    assert run("prune", driver.ledger._keep_ms, 100, 1) == 1
    record = f"{driver.services.settings.namespace}:job:"
    assert not driver.services.redis.exists(record + ended)
    assert driver.job(waiting).stage is Stage.FETCH


def test_each_change_of_the_overload_level_is_logged(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(brownout_above_s=20, brownout_below_s=10)
    driver.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=1.0)
    for number in range(30):
        driver.admit(make_request(person=f"p{number}", conversation=f"c{number}"))
    with capture_logs() as logs:
        run_once(driver.services)
    assert [(log["event"], log["level"]) for log in logs] == [
        ("overload_level_changed", "brownout")
    ]
