"""Long polling with its conflicts, and the webhook."""

from __future__ import annotations

import socket

import httpx
import pytest

from tasks.services import Services
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import CallFault
from tests.stack import Stack, eventually

ANN = 4711
SECRET = "a-secret_of-the-tests"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def hooked(bot: Stack) -> str:
    """A bot that is called by webhook; returns where."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/telegram/webhook"
    bot.environment["SUISAI_TELEGRAM_WEBHOOK_URL"] = url
    bot.environment["SUISAI_TELEGRAM_WEBHOOK_SECRET"] = SECRET
    bot.start("web", "web", "--port", str(port))
    eventually(lambda: _answers(url), what="the web process")
    return url


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code > 0
    except httpx.HTTPError:
        return False


def test_a_photo_comes_by_webhook_and_is_painted(
    telegram: TelegramApi, bot: Stack, hooked: str
) -> None:
    bot.start("telegram", "telegram")
    bot.start_workers()
    sent = telegram.people.photo(ANN, snapshot(1))
    chat = telegram.world.chat(ANN)
    telegram.world.wait(lambda: chat.paintings(sent["message_id"]), 60)
    assert telegram.hook.url == hooked
    assert telegram.updates.pending() == 0
    assert telegram.made("getUpdates") == []


def test_only_telegram_may_call(services: Services, hooked: str) -> None:
    update = {"update_id": 1, "message": {}}
    for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guessed"}):
        assert httpx.post(hooked, json=update, headers=headers).status_code == 401


def test_what_is_no_update_is_turned_away(hooked: str) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    assert httpx.post(hooked, content=b"{", headers=headers).status_code == 400
    assert httpx.post(hooked, content=b"[]", headers=headers).status_code == 400
    assert httpx.post(hooked, content=b" " * 2_000_000, headers=headers).status_code == 413


def test_the_call_is_accepted_only_when_the_ledger_has_the_ask(
    telegram: TelegramApi, services: Services, hooked: str
) -> None:
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    sent = telegram.people.photo(ANN, snapshot(2))
    update = telegram.updates.fetch(0, 1)[0]
    assert update["message"] == sent
    assert httpx.post(hooked, json=update, headers=headers, timeout=20).status_code == 200
    assert len(services.ledger.open_jobs("telegram", str(ANN))) == 1
    assert httpx.post(hooked, json=update, headers=headers, timeout=20).status_code == 200
    assert len(services.ledger.open_jobs("telegram", str(ANN))) == 1


def test_an_album_by_webhook_is_settled_by_the_listening_process(
    telegram: TelegramApi, services: Services, bot: Stack, hooked: str
) -> None:
    bot.start("telegram", "telegram")
    telegram.people.album(ANN, [snapshot(3), snapshot(4)])
    (job_id,) = eventually(lambda: services.ledger.open_jobs("telegram", str(ANN)))
    assert len(services.ledger.job(job_id).request.photos) == 2


def test_two_pollers_are_named_in_a_clear_sentence(telegram: TelegramApi, bot: Stack) -> None:
    bot.start("one", "telegram")
    bot.start("two", "telegram")
    eventually(lambda: "only one `suisai telegram` may run" in bot.log("one") + bot.log("two"))


def test_a_wrong_token_is_named_and_ends_the_process(bot: Stack) -> None:
    bot.environment["SUISAI_TELEGRAM_TOKEN"] = "777:wrong"
    bot.start("telegram", "telegram")
    eventually(lambda: "Telegram does not know the token" in bot.log("telegram"))


def test_an_outage_at_the_start_and_in_between_is_waited_out(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    telegram.faults.add(CallFault("getMe", status=502))
    telegram.faults.add(CallFault("getUpdates", times=2, status=500))
    telegram.faults.add(CallFault("getUpdates", cut=True))
    bot.start("telegram", "telegram")
    telegram.people.photo(ANN, snapshot(5))
    assert eventually(lambda: services.ledger.open_jobs("telegram", str(ANN)))


def test_an_update_that_cannot_be_read_does_not_hold_up_the_others(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    telegram.updates.add({"message": {"message_id": "five", "chat": 3}})
    telegram.updates.add({"callback_query": {"id": "q", "data": "cancel|x", "from": {}}})
    telegram.people.photo(ANN, snapshot(6))
    bot.start("telegram", "telegram")
    assert eventually(lambda: services.ledger.open_jobs("telegram", str(ANN)))
    telegram.world.wait(lambda: telegram.updates.pending() == 0)
    telegram.breaches.clear()  # the update was wrong on purpose


@pytest.mark.parametrize(
    "method",
    ["setMyCommands", "setMyDescription", "setMessageReaction", "deleteWebhook", "sendChatAction"],
)
def test_a_server_that_does_not_know_a_method_does_not_stop_the_bot(
    telegram: TelegramApi, services: Services, bot: Stack, method: str
) -> None:
    telegram.faults.add(CallFault(method, times=1_000, status=404, description="Not Found"))
    bot.start("telegram", "telegram")
    telegram.people.photo(ANN, snapshot(7))
    telegram.world.wait(telegram.world.chat(ANN).of_bot)


def test_the_token_is_in_no_log(telegram: TelegramApi, bot: Stack) -> None:
    bot.environment["SUISAI_LOG_LEVEL"] = "DEBUG"
    telegram.faults.add(CallFault("getUpdates", status=500))
    bot.start("telegram", "telegram")
    telegram.people.photo(ANN, snapshot(8))
    telegram.world.wait(telegram.world.chat(ANN).of_bot)
    assert bot.environment["SUISAI_TELEGRAM_TOKEN"].partition(":")[2] not in bot.log("telegram")
