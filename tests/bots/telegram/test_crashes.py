"""Processes are killed with SIGKILL at critical moments; every photo is still answered once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from pydantic import SecretStr

from bots.telegram.client import open_bot
from bots.telegram.keyboards import RESEND
from bots.telegram.listener.polling import offset_key
from bots.telegram.settings import TelegramSettings
from tasks.models import Outcome
from tasks.services import Services
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TOKEN, TelegramApi
from tests.fakes.telegram_faults import CallFault
from tests.fakes.telegram_people import button
from tests.fakes.telegram_world import Json
from tests.stack import Stack, eventually
from tools.chaos.telegram import is_promise

pytestmark = pytest.mark.process

ANN = 4711


@pytest.fixture
def running(bot: Stack) -> Stack:
    """All processes of the bot, running."""
    bot.start_workers()
    bot.start("telegram", "telegram")
    return bot


def answered_once(telegram: TelegramApi, services: Services, message: Json, jobs: int = 1) -> None:
    """Wait until all jobs have ended, and assert that the photo has one painting."""
    chat = telegram.world.chat(message["chat"]["id"])
    telegram.world.wait(lambda: chat.paintings(message["message_id"]), 60, "the painting")
    person = str(message["from"]["id"])
    eventually(lambda: len(services.ledger.past_jobs("telegram", person)) == jobs, 60)
    job = services.ledger.job(services.ledger.past_jobs("telegram", person)[0])
    assert job.outcome is Outcome.ANSWERED
    assert len(chat.paintings(message["message_id"])) == 1


def test_killed_between_the_update_and_the_ledger(
    telegram: TelegramApi, services: Services, running: Stack
) -> None:
    telegram.world.wait(lambda: telegram.made("deleteWebhook"))
    services.redis.client_pause(20_000, all=False)
    sent = telegram.people.photo(ANN, snapshot(1))
    telegram.world.wait(lambda: telegram.updates.given)
    running.kill("telegram")
    services.redis.client_unpause()
    assert services.ledger.open_jobs("telegram", str(ANN)) == ()

    running.start("telegram", "telegram")

    answered_once(telegram, services, sent)


def test_killed_after_admission_before_the_update_is_confirmed(
    telegram: TelegramApi, services: Services, running: Stack
) -> None:
    silent = telegram.faults.add(CallFault("sendMessage", hold=threading.Event(), cut=True))
    sent = telegram.people.photo(ANN, snapshot(2))
    assert silent.reached.wait(30)
    running.kill("telegram")
    # As if it had died before it wrote down the offset: everything comes again.
    settings = TelegramSettings(token=SecretStr(TOKEN), api_url=telegram.url)
    services.kv("telegram").delete(offset_key(open_bot(settings)))

    running.start("telegram", "telegram")

    answered_once(telegram, services, sent)


@pytest.mark.parametrize("wait", ["short", "long"])
@pytest.mark.parametrize("moment", ["while uploading", "after it arrived"])
def test_killed_in_the_middle_of_a_delivery(
    telegram: TelegramApi, services: Services, bot: Stack, wait: str, moment: str
) -> None:
    bot.environment["SUISAI_TELEGRAM_EDIT_WITHIN_S"] = {"short": "20", "long": "0"}[wait]
    bot.start_workers()
    bot.start("telegram", "telegram")
    arrived = moment == "after it arrived"
    fault = telegram.faults.add(
        CallFault("editMessageMedia", hold=threading.Event(), cut=True, lost=arrived)
    )
    sent = telegram.people.photo(ANN, snapshot(3))
    assert fault.reached.wait(30)
    bot.kill("io")

    bot.start("io", "worker", "io")

    answered_once(telegram, services, sent)
    assert len(telegram.made("editMessageMedia", status=200)) == (2 if arrived else 1)


def test_killed_after_the_new_message_stood_but_was_not_written_down(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.environment["SUISAI_TELEGRAM_EDIT_WITHIN_S"] = "0"
    bot.start_workers()
    bot.start("telegram", "telegram")
    telegram.faults.add(
        CallFault("sendMessage", status=400, description="Bad Request: no placeholder")
    )
    fault = telegram.faults.add(CallFault("sendMessage", hold=threading.Event(), lost=True))
    sent = telegram.people.photo(ANN, snapshot(4))
    assert fault.reached.wait(30)
    bot.kill("io")

    bot.start("io", "worker", "io")

    answered_once(telegram, services, sent)


@pytest.mark.parametrize(
    "fault",
    [CallFault("", lost=True), CallFault("", cut=True), CallFault("", status=502)],
)
def test_an_answer_that_is_lost_or_cut_or_refused_by_an_outage(
    telegram: TelegramApi, services: Services, running: Stack, fault: CallFault
) -> None:
    telegram.faults.add(replace(fault, method="editMessageMedia", times=2))
    telegram.faults.add(replace(fault, method="getFile"))
    answered_once(telegram, services, telegram.people.photo(ANN, snapshot(5)))


def test_an_album_of_unknown_outcome_is_resent_only_on_request(
    telegram: TelegramApi, services: Services, running: Stack
) -> None:
    fault = telegram.faults.add(CallFault("sendMediaGroup", hold=threading.Event(), lost=True))
    first, _ = telegram.people.album(ANN, [snapshot(6), snapshot(7)])
    assert fault.reached.wait(40)
    running.kill("io")
    running.start("io", "worker", "io")

    chat = telegram.world.chat(ANN)
    doubt = telegram.world.wait(
        lambda: next((m for m in chat.of_bot() if button(m, "Send again")), None), 60
    )
    assert len(chat.paintings(first["message_id"])) == 2
    assert str(button(doubt, "Send again")).startswith(RESEND)

    telegram.people.press(ANN, doubt, "Send again")
    telegram.world.wait(lambda: len(chat.paintings()) == 4)


def test_a_restart_keeps_placeholders_moving(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.start("telegram", "telegram")
    telegram.people.photo(ANN, snapshot(8))
    chat = telegram.world.chat(ANN)
    placeholder = telegram.world.wait(chat.of_bot)[0]
    (job_id,) = services.ledger.open_jobs("telegram", str(ANN))
    eventually(lambda: services.ledger.job(job_id).platform_data.get("placeholder"))
    bot.kill("telegram")
    bot.start("telegram", "telegram")
    bot.start_workers()
    telegram.world.wait(lambda: "photo" in placeholder, 60)
    assert len(chat.of_bot()) == 1


STEPS = [
    (method, after)
    for method in ("setMessageReaction", "sendMessage", "editMessageText")
    for after in (False, True)
]
"""The calls of the listener for one photo that waits in line, each before and after it is done."""


def test_a_listener_killed_at_any_step_leaves_no_promise(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.start("telegram", "telegram")
    telegram.world.wait(lambda: ("short_description", "pt") in telegram.world.texts, 60)
    sent = []
    for number, (method, after) in enumerate(STEPS):
        person = ANN + number
        fault = telegram.faults.add(
            CallFault(method, hold=threading.Event(), cut=not after, after=after, chat=person)
        )
        # The one ahead makes a wait, so that there is something to tell.
        sent.append(telegram.people.photo(person, snapshot(20 + number)))
        assert fault.reached.wait(30), (method, after)
        bot.kill("telegram")
        assert fault.hold is not None
        fault.hold.set()
        bot.start("telegram", "telegram")
    bot.start_workers()

    for message in sent:
        answered_once(telegram, services, message)
    telegram.world.wait(lambda: not promises(telegram), 30, "no promise is left")


def promises(telegram: TelegramApi) -> list[str]:
    """Return what the bot promises in any chat."""
    texts = [m.get("text", "") for chat in telegram.world.chats.values() for m in chat.of_bot()]
    return list(filter(is_promise, texts))
