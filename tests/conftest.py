"""Real parts for every test: a Valkey, a ledger of one's own, the bot's processes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.models import PaintRequest, PhotoRef
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import Stack

LAYERS = ("process", "browser", "slow")
PROCESS_FIXTURES = {"stack", "harness"}
"""Fixtures that start processes of the bot."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its layer; what names none and starts no process is a unit test."""
    for item in items:
        if PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("process")
        if not any(item.get_closest_marker(layer) for layer in LAYERS):
            item.add_marker("unit")


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A running server that all tests of a session share, each in its own namespace."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def settings(valkey: EmbeddedValkey, tmp_path: Path) -> Settings:
    """Settings of a bot with a ledger of its own, short leases and no cooldown."""
    return Settings(
        data_dir=tmp_path / "data",
        redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
        namespace=f"test-{secrets.token_hex(4)}",
        pseudonym_key="a key for tests only",  # type: ignore[arg-type] # as above
        lease_s=2,
        limits=Limits(cooldown_s=0, daily_quota=10_000, open_per_person=1_000),
    )


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Ledger and blobs of one's own; wake-ups go nowhere."""
    house = open_services(settings, lambda _: None)
    yield house
    house.redis.close()


@pytest.fixture
def stack(settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """The bot's processes, started one by one and ended with the test."""
    running = Stack(settings, tmp_path / "logs")
    yield running
    running.stop()


@pytest.fixture
def ask() -> Callable[..., PaintRequest]:
    """Makes asks that differ by event; keywords replace what a test cares about."""

    def make(event: str = "", **wish: object) -> PaintRequest:
        usual: dict[str, object] = {
            "platform": "web",
            "event": event or secrets.token_hex(8),
            "person": "ann",
            "conversation": "here",
            "photos": (PhotoRef("photo-1"),),
        }
        return PaintRequest(**(usual | wish))  # type: ignore[arg-type] # tests name the fields

    return make
