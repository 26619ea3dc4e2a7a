"""Every pair of failures of a delivery ends in one answer or an explanation, and leaves no promise."""

from __future__ import annotations

import pytest

from bots.i18n import t
from bots.telegram.store import Placeholder
from tasks.models import Job, Outcome, Stage
from tests.bots.telegram.driver import DeliveryDriver
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import CallFault
from tests.fakes.telegram_world import BOT

ALWAYS = 1_000


FAILURES = {
    "lost": CallFault("", lost=True),
    "cut": CallFault("", cut=True),
    "outage": CallFault("", status=502),
    "flood": CallFault("", status=429, parameters={"retry_after": 1}),
    "unknown": CallFault("", status=400, description="Bad Request: a sentence of next year"),
    "unknown for ever": CallFault("", ALWAYS, 400, "Bad Request: a sentence of next year"),
    "no photos": CallFault(
        "", ALWAYS, 400, "Bad Request: not enough rights to send photos to the chat"
    ),
    "no media": CallFault("", ALWAYS, 400, "Bad Request: CHAT_SEND_MEDIA_FORBIDDEN"),
    "unfit": CallFault("", 1, 400, "Bad Request: PHOTO_INVALID_DIMENSIONS"),
    "gone": CallFault("", 1, 400, "Bad Request: message to edit not found"),
    "stays text": CallFault(
        "", ALWAYS, 400, "Bad Request: there is no media in the message to edit"
    ),
    "no such method": CallFault("", ALWAYS, 404, "Nothing of that name here"),
    "superseded": CallFault("", 1, 400, "Bad Request: canceled by new edit message request"),
}


def fail(telegram: TelegramApi, method: str, name: str) -> None:
    """Make the calls of a method fail in this way."""
    script = vars(FAILURES[name]) | {"method": method}
    script.pop("reached")
    telegram.faults.add(CallFault(**script))


@pytest.mark.parametrize("first", FAILURES)
def test_any_two_failures_end_in_one_answer_or_an_explanation(
    driver: DeliveryDriver, first: str
) -> None:
    jobs: dict[int, Job] = {}
    for person, then in enumerate(FAILURES):
        driver.api.faults.clear()
        driver.trust_the_server_again()
        job_id, _ = driver.painted(1 + person)
        fail(driver.api, "editMessageMedia", first)
        fail(driver.api, "sendPhoto", then)
        fail(driver.api, "sendDocument", then)
        jobs[1 + person] = driver.ended(job_id)
    driver.look()

    for (person, job), then in zip(jobs.items(), FAILURES, strict=True):
        chat, case = driver.api.world.chat(person), f"{first}, then {then}"
        assert driver.promises(chat) == [], case
        told = [message.get("text", "") for message in chat.of_bot()]
        if job.outcome is Outcome.ANSWERED:
            doubt = any("can't tell whether" in text for text in told)
            assert len(chat.paintings()) == 1 or (doubt and not chat.paintings()), case
        else:
            assert job.outcome is Outcome.UNDELIVERABLE, case
            assert chat.paintings() == [], case
            assert any("can't show" in text for text in told), case


@pytest.mark.parametrize("placeholder", [True, False])
@pytest.mark.parametrize("pictures", [1, 2])
@pytest.mark.parametrize("forbidden", [{"photo"}, {"photo", "document"}, {"text"}])
def test_no_promise_is_left_in_a_restricted_chat(
    driver: DeliveryDriver,
    forbidden: set[str],
    pictures: int,
    placeholder: bool,
) -> None:
    group = driver.api.world.chat(-1_000_000_000_123)
    job_id, _ = driver.painted(7, chat=group.id, placeholder=placeholder, pictures=pictures)
    group.forbidden = forbidden

    job = driver.ended(job_id)
    driver.look()

    assert driver.promises(group) == []
    texts = [message["text"] for message in group.of_bot() if "text" in message]
    if forbidden >= {"photo", "document"}:
        assert (job.outcome, job.reason) == (Outcome.UNDELIVERABLE, "photos-forbidden")
        assert len(texts) == 1
        assert "not allowed to send pictures" in texts[0]
    else:
        assert job.outcome is Outcome.ANSWERED
        assert len(group.paintings()) == pictures


@pytest.mark.parametrize("outcome", ["too late", "given up", "deleted", "cancelled"])
def test_a_placeholder_is_corrected_when_its_job_ends_without_an_answer(
    driver: DeliveryDriver, outcome: str
) -> None:
    job_id, _ = driver.painted(7)
    ledger, chat = driver.services.ledger, driver.api.world.chat(7)
    match outcome:
        case "too late":
            ledger.transitions.finish(
                driver.ledger_driver.take(Stage.DELIVER), Outcome.UNDELIVERABLE, "too-late"
            )
        case "given up":
            ledger.move_to_dead(job_id, "send-failed")
        case "deleted":
            driver.services.users.forget("telegram", "7", opt_out=False)
        case "cancelled":
            ledger.cancel(job_id, "7")

    driver.look()
    driver.retract()

    assert driver.promises(chat) == []


def test_a_group_is_promised_nothing_for_a_person_who_is_forgotten(driver: DeliveryDriver) -> None:
    group = driver.api.world.chat(-1_000_000_000_123)
    driver.painted(7, chat=group.id)
    assert driver.promises(group)

    driver.services.users.forget("telegram", "7")
    driver.look()

    assert driver.promises(group) == []


def test_a_placeholder_that_is_recorded_after_its_person_is_forgotten_is_taken_back(
    driver: DeliveryDriver,
) -> None:
    job_id, _ = driver.painted(7, placeholder=False)
    chat = driver.api.world.chat(7)
    driver.services.users.forget("telegram", "7")
    message = driver.api.world.post(chat, BOT, {"text": t("en", "status-fetch")})
    driver.queue.add(Placeholder(job_id, 7, str(message["message_id"])), 0.0)

    driver.look()

    assert driver.promises(chat) == []
