"""Bot API servers that differ from the official one: older, behind a proxy, or lenient."""

from __future__ import annotations

import pytest

from tasks.models import Outcome
from tasks.services import Services
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import CallFault
from tests.fakes.telegram_people import button
from tests.fakes.telegram_world import Json
from tests.stack import Stack, eventually

ANN = 4711
ALWAYS = 1_000
PAGE = b"<html><body><h1>502 Bad Gateway</h1>nginx</body></html>"


@pytest.fixture
def at_work(bot: Stack) -> Stack:
    """The whole bot."""
    bot.start_workers()
    bot.start("telegram", "telegram")
    return bot


def painting_of(telegram: TelegramApi, message: Json) -> Json:
    """Wait for the painting that answers a message, and assert that it is the only one."""
    chat = telegram.world.chat(message["chat"]["id"])
    telegram.world.wait(lambda: chat.paintings(message["message_id"]), 60, "the painting")
    (painting,) = chat.paintings(message["message_id"])
    return painting


def ended(services: Services, count: int = 1) -> list[Outcome | None]:
    """Wait until Ann's jobs have ended, and return how, the latest first."""

    def past() -> tuple[str, ...] | None:
        jobs = services.ledger.past_jobs("telegram", str(ANN))
        return jobs if len(jobs) == count else None

    return [services.ledger.job(job).outcome for job in eventually(past, 60)]


@pytest.mark.parametrize(
    ("status", "description", "known"),
    [
        (400, "Bad Request: there is no media in the message to edit", True),
        (404, "Not Found", True),
        (501, "Not Implemented", True),
        (400, "Bad Request: a sentence of this server's own", False),
    ],
)
def test_a_server_that_makes_no_picture_of_a_text_is_sent_pictures(
    telegram: TelegramApi,
    services: Services,
    at_work: Stack,
    status: int,
    description: str,
    known: bool,
) -> None:
    telegram.faults.add(CallFault("editMessageMedia", ALWAYS, status, description))
    chat = telegram.world.chat(ANN)

    first = painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))
    assert button(first, "Again")
    telegram.world.wait(lambda: "painting is below" in chat.of_bot()[0].get("text", ""))
    asked = len(telegram.made("editMessageMedia"))
    painting_of(telegram, telegram.people.photo(ANN, snapshot(2)))

    assert ended(services, 2) == [Outcome.ANSWERED, Outcome.ANSWERED]
    assert len(telegram.made("editMessageMedia")) == (asked if known else asked + 1)
    assert len(chat.paintings()) == 2
    # A painting that is sent before the first words spares its photo the line.
    assert len(chat.of_bot()) in (3, 4)


def test_what_such_a_server_will_not_show_as_a_photo_is_sent_as_a_file(
    telegram: TelegramApi, at_work: Stack
) -> None:
    telegram.faults.add(CallFault("editMessageMedia", ALWAYS, 404, "Not Found"))
    telegram.faults.add(CallFault("sendPhoto", 1, 400, "Bad Request: PHOTO_INVALID_DIMENSIONS"))
    assert "document" in painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))


def test_long_waits_can_be_answered_by_sending(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.environment["SUISAI_TELEGRAM_LONG_WAITS"] = "send"
    bot.environment["SUISAI_TELEGRAM_EDIT_WITHIN_S"] = "0"
    bot.start("telegram", "telegram")
    sent = telegram.people.photo(ANN, snapshot(1))
    chat = telegram.world.chat(ANN)
    telegram.world.wait(chat.of_bot)
    bot.start_workers()

    painting = painting_of(telegram, sent)

    telegram.world.wait(lambda: "painting is below" in chat.of_bot()[0].get("text", ""))
    assert [m["message_id"] for m in chat.of_bot()[1:]] == [painting["message_id"]]
    (call,) = telegram.made("sendPhoto")
    assert call.fields["reply_parameters"]["allow_sending_without_reply"] is True
    assert telegram.made("editMessageMedia") == []


@pytest.mark.parametrize(
    "fault", [CallFault("sendPhoto", lost=True), CallFault("sendPhoto", status=502)]
)
def test_a_sending_in_doubt_is_not_made_again_but_on_the_persons_word(
    telegram: TelegramApi, services: Services, bot: Stack, fault: CallFault
) -> None:
    bot.environment["SUISAI_TELEGRAM_LONG_WAITS"] = "send"
    bot.environment["SUISAI_TELEGRAM_EDIT_WITHIN_S"] = "0"
    telegram.faults.add(fault)
    bot.start_workers()
    bot.start("telegram", "telegram")
    sent = telegram.people.photo(ANN, snapshot(1))
    chat = telegram.world.chat(ANN)

    doubt = telegram.world.wait(
        lambda: next((m for m in chat.of_bot() if button(m, "Send again")), None), 60
    )

    assert ended(services) == [Outcome.ANSWERED]
    arrived = len(chat.paintings(sent["message_id"]))
    assert arrived == (1 if fault.lost else 0)
    telegram.people.press(ANN, doubt, "Send again")
    telegram.world.wait(lambda: len(chat.paintings()) == arrived + 1)


def test_a_429_without_parameters_is_obeyed(
    telegram: TelegramApi, services: Services, at_work: Stack
) -> None:
    telegram.faults.add(CallFault("editMessageMedia", ALWAYS, 404, "Not Found"))
    telegram.faults.add(CallFault("sendPhoto", 1, 429, "Too Many Requests: retry after 1"))
    telegram.faults.add(CallFault("sendPhoto", 1, 429, page=b"<h1>slow down</h1>"))
    painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))
    assert ended(services) == [Outcome.ANSWERED]


def test_a_refusal_with_status_200_is_a_refusal(
    telegram: TelegramApi, services: Services, at_work: Stack
) -> None:
    for method in ("sendMessage", "editMessageMedia", "editMessageText", "sendPhoto"):
        refused = "Forbidden: bot was blocked by the user"
        telegram.faults.add(CallFault(method, ALWAYS, 200, refused, error_code=403))
    telegram.people.photo(ANN, snapshot(1))
    assert ended(services) == [Outcome.UNDELIVERABLE]


def test_a_proxys_pages_are_an_outage_and_quoted_nowhere(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    for method in ("getMe", "getUpdates", "getFile", "editMessageMedia", "setMyCommands"):
        telegram.faults.add(CallFault(method, 1, 502, page=PAGE))
        telegram.faults.add(CallFault(method, 1, 200, page=PAGE))
    telegram.faults.add(CallFault("getUpdates", 1, 404, page=PAGE))
    bot.start_workers()
    bot.start("telegram", "telegram")
    painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))
    assert ended(services) == [Outcome.ANSWERED]
    assert "nginx" not in bot.log("telegram") + bot.log("io")


def test_a_server_may_stand_under_a_path(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.environment["SUISAI_TELEGRAM_API_URL"] = f"{telegram.url}/behind/a-proxy/"
    bot.start_workers()
    bot.start("telegram", "telegram")
    assert painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))


def test_a_server_that_knows_only_what_is_needed_is_enough(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    telegram.known = frozenset({"getMe", "sendMessage", "sendPhoto", "getFile"})
    bot.start_workers()
    bot.start("telegram", "telegram")
    assert painting_of(telegram, telegram.people.photo(ANN, snapshot(1)))
    telegram.people.document(ANN, b"no photo at all" * 20, "a.jpg", "image/jpeg")
    assert ended(services, 2) == [Outcome.APOLOGISED, Outcome.ANSWERED]


def test_an_update_that_comes_twice_is_answered_once(telegram: TelegramApi, bot: Stack) -> None:
    telegram.people.say(ANN, "/help")
    telegram.updates.repeat()
    sent = telegram.people.photo(ANN, snapshot(1))
    bot.start("telegram", "telegram")
    bot.start_workers()
    painting_of(telegram, sent)
    texts = [m["text"] for m in telegram.world.chat(ANN).of_bot() if "text" in m]
    assert sum("/styles shows" in text for text in texts) == 1
