"""Drivers for the tests of the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.services import Services, open_services
from tasks.settings import Settings
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver


@pytest.fixture
def driver(services: Services) -> LedgerDriver:
    """A driver of an empty ledger."""
    return LedgerDriver(services)


@pytest.fixture
def driver_with(settings: Settings) -> Iterator[MakeDriver]:
    """Makes drivers of the same ledger with other settings."""
    opened: list[Services] = []

    def make(**changes: object) -> LedgerDriver:
        services = open_services(settings.model_copy(update=changes), lambda _: None)
        opened.append(services)
        return LedgerDriver(services)

    yield make
    for services in opened:
        services.redis.close()
