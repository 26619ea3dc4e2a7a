"""A fake Telegram for every test, and the bot's processes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.driver import DeliveryDriver
from tests.bots.telegram.harness import ADMIN, TelegramHarness
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_limits import FloodLimits
from tests.stack import Stack


@pytest.fixture
def telegram() -> Iterator[TelegramApi]:
    """A server; at the end, all requests and answers must conform to the Bot API."""
    server = TelegramApi()
    yield server
    server.close()
    assert server.breaches == []


@pytest.fixture
def bot(telegram: TelegramApi, settings: Settings, tmp_path: Path) -> Iterator[Stack]:
    """The bot's processes, not started yet, with a token for the fake Telegram."""
    stack = Stack(settings, tmp_path / "logs", telegram.settings())
    yield stack
    stack.stop()


@pytest.fixture
def driver(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[DeliveryDriver]:
    """A delivery worker that the test calls step by step, without rate limits."""
    server = TelegramApi(FloodLimits(per_s=10_000, per_minute_group=10_000, chat_gap_s=0.0))
    limits = {"PER_S": "1000", "PER_S_CHAT": "1000", "PER_MINUTE_GROUP": "1000"}
    for name, value in server.settings().items():
        monkeypatch.setenv(name, value)
    for name, value in limits.items():
        monkeypatch.setenv(f"SUISAI_TELEGRAM_MESSAGES_{name}", value)
    driving = DeliveryDriver(services, server)
    yield driving
    driving.close()
    server.close()
    assert server.breaches == []


@pytest.fixture(scope="session")
def harness(
    valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TelegramHarness]:
    """A running bot that many tests share, each with people and groups of its own."""
    folder = tmp_path_factory.mktemp("telegram")
    settings = Settings(
        data_dir=folder / "data",
        redis_url=SecretStr(valkey.url),
        namespace=f"telegram-{secrets.token_hex(4)}",
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
    yield TelegramHarness(api, stack, services)
    services.redis.close()
    stack.stop()
    api.close()
    assert api.breaches == []
