"""A collector, and a bot that sends it traces."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import pytest

from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.telemetry.tracing import open_tracing
from tests.fakes.otlp_collector import OtlpCollector, serving
from tests.tasks.ledger_driver import LedgerDriver

OpenHouse = Callable[[], Services]


@pytest.fixture
def collector() -> Iterator[OtlpCollector]:
    """A collector in a good mood."""
    level = logging.getLogger("opentelemetry").level
    with serving() as server:
        yield server
    logging.getLogger("opentelemetry").setLevel(level)


@pytest.fixture
def settings(
    settings: Settings, collector: OtlpCollector, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings of a bot that sends traces, and does so soon."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    return settings.model_copy(update={"otlp_endpoint": collector.url})


@pytest.fixture
def open_house(settings: Settings) -> Iterator[OpenHouse]:
    """Opens what a process has in hand, traces included, as the environment is then."""
    opened: list[Services] = []

    def make() -> Services:
        opened.append(open_services(settings, lambda _: None, open_tracing(settings)))
        return opened[-1]

    yield make
    for house in opened:
        house.tracing.close()
        house.redis.close()


@pytest.fixture
def services(open_house: OpenHouse) -> Services:
    """A process that takes asks in and draws it."""
    return open_house()


@pytest.fixture
def driver(services: Services) -> LedgerDriver:
    """Plays people and workers in that process."""
    return LedgerDriver(services)
