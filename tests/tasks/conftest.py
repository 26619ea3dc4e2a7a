"""A pair of hands for the tests of the ledger."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tasks.services import Services, open_services
from tasks.settings import Settings
from tests.tasks.hands import Hands, MakeHands


@pytest.fixture
def hands(services: Services) -> Hands:
    """Plays people and workers on a ledger of one's own."""
    return Hands(services)


@pytest.fixture
def hands_with(settings: Settings) -> Iterator[MakeHands]:
    """Makes hands on the same ledger, under settings that a test cares about."""
    opened: list[Services] = []

    def make(**changes: object) -> Hands:
        services = open_services(settings.model_copy(update=changes), lambda _: None)
        opened.append(services)
        return Hands(services)

    yield make
    for services in opened:
        services.redis.close()
