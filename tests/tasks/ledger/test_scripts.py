"""An admitted request is on the server's disk before its admission is confirmed, for every fsync policy."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tasks.models import Admitted, Stage
from tasks.services import open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import eventually
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

SetUp = Callable[..., LedgerDriver]


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server whose settings a test may change."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def driver_on(own: EmbeddedValkey, settings: Settings) -> Iterator[SetUp]:
    """Makes drivers on that server, with options of it set first."""
    opened: list[LedgerDriver] = []

    def make(**options: str) -> LedgerDriver:
        mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
        driver = LedgerDriver(open_services(mine, lambda _: None))
        opened.append(driver)
        for name, value in options.items():
            driver.services.redis.config_set(name, value)
        return driver

    yield make
    for driver in opened:
        driver.services.redis.close()


def waits(driver: LedgerDriver) -> int:
    stats = driver.services.redis.info("commandstats")
    return int(stats.get("cmdstat_waitaof", {}).get("calls", 0))


def test_the_embedded_server_syncs_before_it_replies(
    driver_on: SetUp, make_request: MakeRequest
) -> None:
    driver = driver_on()
    driver.admit(make_request())
    assert driver.services.redis.config_get("appendfsync") == {"appendfsync": "always"}
    assert waits(driver) == 0


def test_admission_waits_for_a_server_that_syncs_once_a_second(
    driver_on: SetUp, make_request: MakeRequest
) -> None:
    driver = driver_on(appendfsync="everysec")
    driver.admit(make_request())
    assert waits(driver) == 1
    driver.fetch()
    driver.paint()
    driver.ledger.record_send_intent(driver.take(Stage.DELIVER))
    assert waits(driver) == 2, "an intent must be on disk before the answer is sent"


def test_a_server_without_an_append_only_file_is_used_with_a_warning(
    driver_on: SetUp, make_request: MakeRequest
) -> None:
    driver = driver_on(appendonly="no")
    with capture_logs() as logs:
        driver.admit(make_request())
        driver.admit(make_request())
    assert [log["log_level"] for log in logs] == ["warning"]


def test_admitted_jobs_survive_a_kill_of_the_server(
    own: EmbeddedValkey, driver_on: SetUp, make_request: MakeRequest
) -> None:
    driver = driver_on()
    jobs = [driver.admit(make_request(f"post-{number}")) for number in range(20)]
    os.kill(own.ensure(), signal.SIGKILL)
    eventually(lambda: not own.is_alive())
    own.ensure()
    assert {driver.job(job).stage for job in jobs} == {Stage.FETCH}
    again = driver.ledger.admit(make_request("post-7"))
    assert isinstance(again, Admitted)
    assert again.duplicate
