"""Corrupt records are reported, moved to the dead list and affect no other job."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tasks.ledger.ledger import SchemaMismatch, UnknownJob
from tasks.ledger.records import CorruptRecord
from tasks.models import Admitted, Outcome, Stage
from tasks.services import RedisUnavailable, open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def record(driver: LedgerDriver, job_id: str) -> str:
    return f"{driver.services.settings.namespace}:job:{job_id}"


BREAKAGES = {
    "request": b"{not json",
    "stage": b"dreaming",
    "admitted": b"yesterday",
    "platform": b"\xff\xfe",
}


@pytest.mark.parametrize("field", BREAKAGES)
def test_a_corrupt_record_moves_to_the_dead_list_and_the_next_job_is_claimed(
    driver: LedgerDriver, make_request: MakeRequest, field: str
) -> None:
    broken = driver.admit(make_request(person="ann"))
    sound = driver.admit(make_request(person="bob"))
    driver.services.redis.hset(record(driver, broken), field, BREAKAGES[field])

    claims = [claim for _ in range(3) for claim in driver.claim(Stage.FETCH)]

    assert [claim.job.id for claim in claims] == [sound]
    assert [job_id for job_id, _ in driver.ledger.dead()] == [broken]
    assert not driver.ledger.retry_dead(broken)


def test_a_record_of_another_type_moves_to_the_dead_list(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    broken = driver.admit(make_request(person="ann"))
    sound = driver.admit(make_request(person="bob"))
    driver.services.redis.delete(record(driver, broken))
    driver.services.redis.set(record(driver, broken), "garbage")
    assert [claim.job.id for _ in range(2) for claim in driver.claim(Stage.FETCH)] == [sound]


def test_a_corrupt_record_does_not_stop_the_sweep(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person="ann"))
    driver.admit(make_request(person="bob"))
    broken, sound = driver.take(Stage.FETCH, "one"), driver.take(Stage.FETCH, "other")
    driver.services.redis.hset(record(driver, broken.job.id), "fails", "many")
    driver.expire(broken, sound)
    assert driver.take(Stage.FETCH).job.id == sound.job.id
    assert [job_id for job_id, _ in driver.ledger.dead()] == [broken.job.id]


def test_reading_a_corrupt_record_raises_corrupt_record(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.services.redis.hset(record(driver, job_id), "request", "[]")
    with pytest.raises(CorruptRecord, match=job_id):
        driver.ledger.job(job_id)


def test_a_missing_job_raises_unknown_job(driver: LedgerDriver) -> None:
    for look in (driver.ledger.job, driver.ledger.queue_status, driver.ledger.set_platform_data):
        with pytest.raises(UnknownJob):
            look("no-such-job")
    assert not driver.ledger.cancel("no-such-job")
    assert not driver.ledger.retry_dead("no-such-job")
    assert not driver.ledger.discard_dead("no-such-job")


@pytest.mark.parametrize("schema", ["99", "0", "soon"])
def test_a_ledger_of_another_version_is_refused_clearly(settings: Settings, schema: str) -> None:
    services = open_services(settings, lambda _: None)
    services.redis.set(f"{settings.namespace}:schema", schema)
    with pytest.raises(SchemaMismatch, match=schema):
        open_services(settings, lambda _: None)
    services.redis.close()


def test_control_characters_and_long_reasons_keep_the_record_readable(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(
        make_request(person="安\n b:c", conversation="a b\tc", address={"k": "\n\0:"})
    )
    driver.ledger.transitions.release(driver.take(Stage.FETCH), "line\nbreak " * 50)
    assert driver.job(job_id).request.person == "安\n b:c"
    assert driver.whole().job.id == job_id


def test_a_very_long_history_keeps_its_beginning_and_end(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    for _ in range(120):
        driver.ledger.transitions.release(driver.take(Stage.FETCH), "platform rests")
    history = driver.events(job_id)
    assert history[0] == "admitted"
    assert "shortened" in history
    assert len(history) < 110
    assert driver.whole().job.id == job_id


def test_an_unreachable_server_is_reported_at_start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.services.RETRIES", 1)
    nowhere = settings.model_copy(update={"redis_url": None, "data_dir": tmp_path})
    with pytest.raises(RedisUnavailable, match="suisai up"):
        open_services(nowhere, lambda _: None)


def test_an_admission_survives_a_restart_of_the_server(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, make_request: MakeRequest
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    first = services.ledger.admit(make_request("one"))
    own.stop()
    back = threading.Timer(0.5, own.ensure)
    back.start()

    second = services.ledger.admit(make_request("two"))

    back.join()
    assert isinstance(first, Admitted)
    assert isinstance(second, Admitted)
    assert services.ledger.job(first.job_id).outcome is None
    assert second.position == 2
    services.redis.close()
    own.stop()


def test_out_of_memory_refuses_new_requests_and_open_jobs_continue(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, make_request: MakeRequest
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"), memory_mb=16)
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    driver = LedgerDriver(services)
    accepted = driver.admit(make_request("one"))
    used = services.redis.info("memory")["used_memory"]
    services.redis.config_set("maxmemory", used - 1)

    refusal = driver.refuse(make_request("two", person="bob"))

    assert refusal.reason == "storage-full"
    assert refusal.until > 0
    restarted = open_services(mine, lambda _: None)
    assert not restarted.users.opted_out("web", "bob")
    restarted.redis.close()
    assert driver.whole().job.id == accepted
    assert driver.job(accepted).outcome is Outcome.ANSWERED
    services.redis.close()
    own.stop()


def test_requests_are_refused_before_the_memory_is_full(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, make_request: MakeRequest
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    services.redis.set("somebody else's", b"x" * 40_000_000)
    used = services.redis.info("memory")["used_memory"]
    services.redis.config_set("maxmemory", used + 2_000_000)
    assert services.ledger.update_overload_level().full
    assert LedgerDriver(services).refuse(make_request()).reason == "storage-full"
    services.redis.config_set("maxmemory", used * 10)
    services.redis.delete(f"{mine.namespace}:overload_check")
    assert not services.ledger.update_overload_level().full
    LedgerDriver(services).admit(make_request(person="bob"))
    services.redis.close()
    own.stop()


BROKEN = {
    "gone": None,
    "another type": "garbage",
    "unreadable request": {"request": "[]"},
    "unknown stage": {"stage": "dreaming"},
    "no numbers": {"score": "x", "admitted": "yesterday"},
    "no text": {"platform": b"\xff\xfe"},
}


def break_record(driver: LedgerDriver, job_id: str, breakage: str) -> None:
    redis, key, how = driver.services.redis, record(driver, job_id), BROKEN[breakage]
    if how is None or isinstance(how, str):
        redis.delete(key)
    if isinstance(how, str):
        redis.set(key, how)
    elif how is not None:
        redis.hset(key, mapping=how)  # type: ignore[arg-type] # bytes and text


@pytest.mark.parametrize("breakage", BROKEN)
@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
def test_a_persons_latest_job_is_the_newest_that_can_be_read(
    driver: LedgerDriver, make_request: MakeRequest, breakage: str, *, ended: bool
) -> None:
    driver.admit(make_request())
    readable = driver.whole().job.id
    broken = driver.admit(make_request())
    if ended:
        driver.whole()
    break_record(driver, broken, breakage)

    latest = driver.ledger.latest_job("web", "ann")

    assert latest is not None
    assert latest.id == readable
    assert driver.ledger.find_job(broken) is None
    assert driver.ledger.latest_job("web", "bob") is None


@pytest.mark.parametrize("breakage", BROKEN)
def test_a_corrupt_record_does_not_break_queries_of_its_person(
    driver: LedgerDriver, make_request: MakeRequest, breakage: str
) -> None:
    broken = driver.admit(make_request("the event"))
    break_record(driver, broken, breakage)

    driver.ledger.find_queue_status(broken)
    driver.ledger.cancel(broken, "ann")
    assert isinstance(driver.ledger.admit(make_request("the event")), Admitted)
    driver.services.users.forget("web", "ann")
    assert driver.ledger.open_jobs("web", "ann") == ()
