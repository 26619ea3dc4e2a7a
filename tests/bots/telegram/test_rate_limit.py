"""Flood limits: that of one chat does not affect others, and an operator can lift it."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from bots.telegram.rate_limit import NoSlot, SendRateLimit
from bots.telegram.settings import TelegramSettings
from tasks.models import Outcome, Stage
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.driver import DeliveryDriver
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_limits import SPEAKING
from tests.stack import Stack, eventually

ANN, BEN, EVE, DAN = 1, 2, 3, 4
HALF_A_DAY_S = 43_200.0


def waits(services: Services, chat: int, method: str) -> bool:
    """Return whether a call would have to wait longer than a worker does."""

    async def ask() -> None:
        limit = SendRateLimit(services.rate_limiter("telegram"), TelegramSettings(), patience_s=1.5)
        await limit.acquire(chat, method)

    try:
        asyncio.run(ask())
    except NoSlot:
        return True
    return False


def refuse(services: Services, chat: int | None, method: str, seconds: float) -> NoSlot:
    """Make Telegram refuse a call."""
    limit = SendRateLimit(services.rate_limiter("telegram"), TelegramSettings())
    return asyncio.run(limit.back_off(chat, method, seconds))


def test_a_flood_limit_delays_only_its_chat(driver: DeliveryDriver) -> None:
    flooded, _ = driver.painted(ANN)
    driver.api.limits.flood(ANN, HALF_A_DAY_S, "editMessageMedia")
    driver.deliver()
    other, _ = driver.painted(BEN)
    driver.deliver()

    ledger = driver.services.ledger
    assert ledger.job(other).outcome is Outcome.ANSWERED
    assert ledger.job(flooded).stage is Stage.DELIVER
    assert ledger.job(flooded).attempts == 0
    assert driver.services.controls.paused() == {}
    assert list(driver.services.holds.active("telegram")) == [f"chat:{ANN}:editMessageMedia"]
    driver.ledger_driver.skip_pauses()
    driver.deliver()
    assert len(driver.api.made("editMessageMedia", status=429)) == 1, (
        "no second call while it lasts"
    )


def test_resume_lifts_what_is_held_back(driver: DeliveryDriver) -> None:
    job_id, _ = driver.painted(ANN)
    driver.api.limits.flood(ANN, HALF_A_DAY_S, "editMessageMedia")
    driver.deliver()
    driver.api.limits.dry()

    driver.services.controls.resume(Stage.DELIVER, "telegram")

    driver.ledger_driver.skip_pauses()
    driver.deliver()
    assert driver.services.ledger.job(job_id).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "method",
    [
        "setMessageReaction",
        "sendChatAction",
        "setMyCommands",
        "answerCallbackQuery",
        "deleteMessage",
    ],
)
def test_a_refused_reaction_holds_back_no_text(services: Services, method: str) -> None:
    for chat in (ANN, BEN, EVE, None):
        refuse(services, chat, method, 600)
    assert not waits(services, ANN, "sendMessage")
    assert not waits(services, DAN, "editMessageMedia")


def test_a_method_that_is_refused_leaves_the_others_of_its_chat(services: Services) -> None:
    refuse(services, ANN, "editMessageText", 600)
    assert waits(services, ANN, "editMessageText")
    assert not waits(services, ANN, "editMessageMedia")


def test_several_chats_refused_within_seconds_mean_the_whole_bot_for_a_minute(
    services: Services,
) -> None:
    assert not refuse(services, ANN, "sendMessage", HALF_A_DAY_S).whole_bot
    assert not refuse(services, ANN, "editMessageText", HALF_A_DAY_S).whole_bot
    assert not refuse(services, BEN, "sendMessage", HALF_A_DAY_S).whole_bot
    assert not waits(services, DAN, "sendMessage")
    assert refuse(services, EVE, "sendMessage", HALF_A_DAY_S).whole_bot
    assert waits(services, DAN, "sendMessage")
    assert services.holds.active("telegram")["bot"] - time.time() <= 61


def test_a_flood_limit_of_a_call_without_a_chat_holds_the_whole_bot(services: Services) -> None:
    assert refuse(services, None, "getFile", 5).whole_bot
    assert waits(services, DAN, "sendMessage")


def test_a_listener_that_is_told_to_stop_does_not_wait_out_a_flood(
    telegram: TelegramApi, bot: Stack
) -> None:
    telegram.limits.flood(ANN, 25.0, *SPEAKING)
    bot.start("telegram", "telegram")
    telegram.people.photo(ANN, snapshot(1))
    telegram.world.wait(lambda: telegram.made("sendMessage", status=429))

    began = time.monotonic()
    bot.kill("telegram", signal.SIGTERM)

    assert time.monotonic() - began < 15


def test_an_idle_listener_makes_at_most_one_call_a_second(
    telegram: TelegramApi, settings: Settings, tmp_path: Path
) -> None:
    with ExitStack() as opened:
        # A server of its own: the bots of other tests call the shared one.
        server = EmbeddedValkey(tmp_path / "valkey")
        server.ensure()
        opened.callback(server.stop)
        alone = settings.model_copy(update={"redis_url": SecretStr(server.url)})
        services = open_services(alone, lambda _: None)
        opened.callback(services.redis.close)
        long_polls = {"SUISAI_TELEGRAM_POLL_TIMEOUT_S": "50"}
        bot = Stack(alone, tmp_path / "logs", telegram.settings() | long_polls)
        opened.callback(bot.stop)
        bot.start("telegram", "telegram")
        # Start-up ends with the note that the menus are shown.
        eventually(lambda: list(services.redis.scan_iter("*:menus:*")), what="menus are noted")

        def calls() -> int:
            """Count the calls of the listener and of this test, which makes one call to ask."""
            return int(services.redis.info("stats")["total_commands_processed"])

        seconds, before = 8, calls()
        time.sleep(seconds)
        assert calls() - before - 1 <= seconds
