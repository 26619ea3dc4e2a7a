"""A problem of one chat, message or call affects no other, and the person gets a correct answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bots.telegram.store import Chats, Placeholder
from tasks.models import Outcome, Stage
from tests.bots.telegram.driver import DeliveryDriver
from tests.fakes.telegram_faults import CallFault

ALWAYS = 1_000
ANN, BEN = 1, 2
GROUP = -1_000_000_000_123
DELETED_AT_ONCE = (
    "Internal Server Error: sent message was immediately deleted and can't be returned"
)


def test_a_server_error_of_one_chat_pauses_nobody(driver: DeliveryDriver) -> None:
    troubled, _ = driver.painted(ANN)
    driver.api.faults.add(CallFault("editMessageMedia", ALWAYS, 500, chat=ANN))
    driver.deliver()
    other, _ = driver.painted(BEN)
    driver.deliver()

    ledger = driver.services.ledger
    assert ledger.job(other).outcome is Outcome.ANSWERED
    assert (ledger.job(troubled).stage, ledger.job(troubled).attempts) == (Stage.DELIVER, 0)
    assert driver.services.controls.paused() == {}


def test_an_outage_of_the_server_pauses_the_platform(driver: DeliveryDriver) -> None:
    job_id, _ = driver.painted(ANN)
    for method in ("editMessageMedia", "getMe"):
        driver.api.faults.add(CallFault(method, 1, 502, "Bad Gateway"))
    driver.deliver()
    assert "deliver:telegram" in driver.services.controls.paused()
    assert driver.ended(job_id).outcome is Outcome.ANSWERED


@pytest.mark.parametrize(
    "sentence",
    [
        "Bad Request: message to be replied not found",
        "Bad Request: the chat is not a forum",
        "Bad Request: invalid message thread identifier specified",
    ],
)
def test_an_address_that_is_gone_is_left_out(driver: DeliveryDriver, sentence: str) -> None:
    job_id, _ = driver.painted(ANN, placeholder=False)
    driver.api.faults.add(CallFault("sendMessage", 1, 400, sentence))
    assert driver.ended(job_id).outcome is Outcome.ANSWERED
    assert len(driver.api.world.chat(ANN).paintings()) == 1
    assert driver.api.made("sendPhoto") == []


@pytest.mark.parametrize("lost", [False, True])
def test_a_message_that_takes_no_edit_makes_way(driver: DeliveryDriver, lost: bool) -> None:
    job_id, _ = driver.painted(ANN)
    if lost:
        driver.api.faults.add(CallFault("editMessageMedia", lost=True))
    driver.api.faults.add(
        CallFault("editMessageMedia", 1, 400, "Bad Request: message can't be edited")
    )
    assert driver.ended(job_id).outcome is Outcome.ANSWERED
    driver.look()
    chat = driver.api.world.chat(ANN)
    assert len(chat.paintings()) == 1
    assert len(chat.of_bot()) == 1


def test_a_chat_that_deletes_what_the_bot_sends_ends_the_job(driver: DeliveryDriver) -> None:
    job_id, _ = driver.painted(ANN, placeholder=False)
    for method in ("sendMessage", "sendPhoto", "sendDocument"):
        driver.api.faults.add(CallFault(method, ALWAYS, 500, DELETED_AT_ONCE))
    driver.deliver()
    assert driver.services.ledger.job(job_id).outcome is Outcome.UNDELIVERABLE
    assert driver.services.controls.paused() == {}


def test_a_painting_whose_job_ended_otherwise_is_not_taken_away(driver: DeliveryDriver) -> None:
    job_id, _ = driver.painted(ANN)
    driver.api.faults.add(CallFault("editMessageMedia", lost=True))
    driver.deliver()
    chat = driver.api.world.chat(ANN)
    chat.barred = "Forbidden: bot was blocked by the user"
    assert driver.ended(job_id).outcome is Outcome.UNDELIVERABLE
    chat.barred = ""

    driver.look()

    assert len(chat.paintings()) == 1
    assert driver.promises(chat) == []


def test_a_group_that_moved_without_saying_where_is_waited_for(driver: DeliveryDriver) -> None:
    sentence = "Bad Request: group chat was upgraded to a supergroup chat"
    job_id, _ = driver.painted(ANN, chat=GROUP, placeholder=False)
    driver.api.faults.add(CallFault("sendMessage", 1, 400, sentence))
    driver.deliver()
    assert driver.services.ledger.job(job_id).stage is Stage.DELIVER
    assert driver.ended(job_id).outcome is Outcome.ANSWERED


def test_a_guest_is_answered_although_the_painting_is_faster_than_the_first_words(
    driver: DeliveryDriver,
) -> None:
    job_id = driver.painted_for_guest(ANN)
    driver.deliver()
    assert driver.services.ledger.job(job_id).stage is Stage.DELIVER

    driver.api.world.inline["i1"] = {"inline_message_id": "i1", "text": "Got your photo."}
    driver.queue.record(Placeholder(job_id, 0, "inline:i1"), 0.0)

    assert driver.ended(job_id).outcome is Outcome.ANSWERED
    assert "photo" in driver.api.world.inline["i1"]


@pytest.mark.parametrize(
    "fault",
    [
        CallFault("editMessageText", 1, 429, parameters={"retry_after": 1}),
        CallFault("editMessageText", 1, 502),
        CallFault("editMessageText", cut=True),
    ],
    ids=["flood", "outage", "cut"],
)
def test_a_guest_hears_the_last_words_in_spite_of_a_failure(
    driver: DeliveryDriver, fault: CallFault
) -> None:
    job_id = driver.painted_for_guest(ANN, paint=False)
    driver.api.world.inline["i1"] = {"inline_message_id": "i1", "text": "3rd in line"}
    driver.queue.record(Placeholder(job_id, 0, "inline:i1"), 0.0)
    driver.services.ledger.transitions.decline(
        driver.ledger_driver.take(Stage.FETCH), "truncated", {}, refund=True
    )
    driver.api.faults.add(fault)
    assert driver.ended(job_id).outcome is Outcome.APOLOGISED
    assert "got lost on the way" in driver.api.world.inline["i1"]["text"]


def test_the_first_words_say_what_was_understood_and_what_was_not(driver: DeliveryDriver) -> None:
    photo = driver.photo()
    driver.api.people.photo(ANN, photo, caption="watercolor 80%, and give him a hat")
    driver.api.people.photo(BEN, photo, caption="ink", language="es")
    driver.api.people.photo(3, photo)
    driver.listen()
    said = [driver.api.world.chat(person).of_bot()[0]["text"] for person in (ANN, BEN, 3)]
    assert "Got it: Watercolour, 80%. I paint in styles" in said[0]
    assert "Entendido:" in said[1]
    assert said[2] == "Got your photo."
    assert len(driver.api.made("sendMessage")) == 3


def test_a_placeholder_in_a_group_that_moved_is_let_go(driver: DeliveryDriver) -> None:
    job_id, _ = driver.painted(ANN, chat=GROUP)
    driver.services.ledger.cancel(job_id, str(ANN))
    driver.api.world.chat(GROUP).moved_to = GROUP - 1

    driver.look()

    assert driver.queue.due(9e9, 10) == []


def test_two_moves_keep_the_rules_of_the_new_chat(driver: DeliveryDriver) -> None:
    chats = Chats(driver.services.kv("telegram"))
    chats.change_rules(-7, lambda rules: replace(rules, style="ink"))
    chats.moved(-7, GROUP)
    assert chats.rules(GROUP).style == "ink"
    chats.change_rules(GROUP, lambda rules: replace(rules, style="film"))
    chats.moved(-7, GROUP)
    assert chats.rules(GROUP).style == "film"
