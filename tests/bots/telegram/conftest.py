"""A pretended Telegram for every test, and the bot's processes that live on it."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tasks.house import open_services
from tasks.services import Services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_world import Chat, Json
from tests.stack import Stack

ADMIN = 9_000_001
"""The operator's account in every test."""


@dataclass
class Town:
    """A running bot with everything around it."""

    api: TelegramApi
    stack: Stack
    services: Services
    _people: Iterator[int] = field(default_factory=lambda: itertools.count(1_001))
    _groups: Iterator[int] = field(default_factory=lambda: itertools.count(1_001))

    def person(self) -> int:
        """Return somebody whom the bot has never met."""
        return next(self._people)

    def group(self) -> Chat:
        """Return a new group that the bot is in."""
        return self.api.world.chat(-1_000_000_000_000 - next(self._groups))

    def painting(self, message: Json, chat: int | None = None) -> Json:
        """Wait for the painting that answers a message."""
        place = self.api.world.chat(message["chat"]["id"] if chat is None else chat)
        shown = self.api.world.wait(
            lambda: place.paintings(message["message_id"]), what=f"a painting in {place.id}"
        )
        return shown[-1]

    def words(self, chat: int, part: str) -> Json:
        """Wait for words of the bot in a chat."""
        place = self.api.world.chat(chat)
        return self.api.world.wait(
            lambda: next((m for m in place.of_bot() if part in m.get("text", "")), None),
            what=f"{part!r} in {chat}",
        )


@pytest.fixture
def telegram() -> Iterator[TelegramApi]:
    """A server; in the end nothing said to it or by it breached the Bot API."""
    server = TelegramApi()
    yield server
    server.close()
    assert server.breaches == []


@pytest.fixture
def bot(telegram: TelegramApi, settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """The bot's processes, not started yet, with a token for the pretended Telegram."""
    stack = Stack(settings, tmp_path / "logs", telegram.settings())
    yield stack
    stack.stop()


@pytest.fixture(scope="session")
def town(valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A bot at work that many tests share, each with people and groups of its own."""
    folder = tmp_path_factory.mktemp("town")
    settings = Settings(
        data_dir=folder / "data",
        redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
        namespace=f"town-{secrets.token_hex(4)}",
        lease_s=3,
        limits=Limits(cooldown_s=0, daily_quota=10_000, open_per_person=3),
        refusal_silence_s=0,
    )
    api = TelegramApi()
    stack = Stack(
        settings,
        folder / "logs",
        {**api.settings(), "SUISAI_TELEGRAM_ADMINS": f"[{ADMIN}]"},
    )
    stack.start_workers()
    stack.start("telegram", "telegram")
    services = open_services(settings, lambda _: None)
    yield Town(api, stack, services)
    services.redis.close()
    stack.stop()
    api.close()
    assert api.breaches == []
