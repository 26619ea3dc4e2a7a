"""Fixtures for all tests: a real Valkey, an empty ledger, the bot's processes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.models import PaintRequest, PhotoRef
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.leftovers import end_with_this_process
from tests.stack import Stack

LAYERS = ("process", "browser", "slow")
PROCESS_FIXTURES = {"stack", "valkey"}
"""Fixtures that start processes of the bot, or the server of its ledger."""
SLOW = (
    "test_cli.py",
    "test_corpus.py",
    "test_decoder_sandbox.py",
    "test_engine.py",
    "test_exposure.py",
    "test_faces.py",
    "test_independent.py",
    "test_photo.py",
    "test_policy.py",
    "test_portrait.py",
    "test_stylize.py",
)
"""Files whose tests paint, decode or read for some seconds each."""
LONGEST = (
    "test_chaos.py",
    "test_several_hosts.py",
    "test_first_hour.py",
    "test_rolling_restart.py",
)
"""Files whose tests take a minute or more each."""


def pytest_configure() -> None:
    """Let nothing that the tests start outlive them."""
    end_with_this_process()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test with its layer; a test without a mark that starts no process is a unit test."""
    for item in items:
        if PROCESS_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker("process")
        if item.path.name in (*SLOW, *LONGEST):
            item.add_marker("slow")
        if not any(item.get_closest_marker(layer) for layer in LAYERS):
            item.add_marker("unit")
    # First, and so on one worker of pytest-xdist: at the end the other workers would wait for them.
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A running server that all tests of a session share, each in its own namespace."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("valkey"))
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def settings(valkey: EmbeddedValkey, tmp_path: Path) -> Settings:
    """Settings of a bot with an empty ledger, short leases and no cooldown."""
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
    """Services with an empty ledger and blob store; wake-ups are discarded."""
    opened = open_services(settings, lambda _: None)
    yield opened
    opened.redis.close()


@pytest.fixture
def stack(settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """The bot's processes: the test starts each by name; all are stopped when it ends."""
    running = Stack(settings, tmp_path / "logs")
    yield running
    running.stop()


@pytest.fixture
def make_request() -> Callable[..., PaintRequest]:
    """Makes requests with different events; keyword arguments set other fields."""

    def make(event: str = "", **fields: object) -> PaintRequest:
        defaults: dict[str, object] = {
            "platform": "web",
            "event": event or secrets.token_hex(8),
            "person": "ann",
            "conversation": "here",
            "photos": (PhotoRef("photo-1"),),
        }
        return PaintRequest(**(defaults | fields))  # type: ignore[arg-type] # tests name the fields

    return make
