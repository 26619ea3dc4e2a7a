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

OpenServices = Callable[[], Services]


@pytest.fixture
def collector() -> Iterator[OtlpCollector]:
    """A collector that accepts spans."""
    level = logging.getLogger("opentelemetry").level
    with serving() as server:
        yield server
    logging.getLogger("opentelemetry").setLevel(level)


@pytest.fixture
def settings(
    settings: Settings, collector: OtlpCollector, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """Settings of a bot that sends traces with a short delay."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    return settings.model_copy(update={"otlp_endpoint": collector.url})


@pytest.fixture
def open_process_services(settings: Settings) -> Iterator[OpenServices]:
    """Opens the services of a process, including tracing, with the current environment."""
    opened: list[Services] = []

    def make() -> Services:
        opened.append(open_services(settings, lambda _: None, open_tracing(settings)))
        return opened[-1]

    yield make
    for services in opened:
        services.tracing.close()
        services.redis.close()


@pytest.fixture
def services(open_process_services: OpenServices) -> Services:
    """The services of a process that admits requests and records traces."""
    return open_process_services()


@pytest.fixture
def driver(services: Services) -> LedgerDriver:
    """A ledger driver in that process."""
    return LedgerDriver(services)
