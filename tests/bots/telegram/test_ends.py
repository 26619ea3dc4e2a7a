"""How deliveries end: refused chats, deleted messages, long waits, cancelled jobs."""

from __future__ import annotations

import threading
import time

import pytest

from tasks.models import Outcome
from tests.bots.telegram.harness import TelegramHarness, snapshot
from tests.fakes.telegram_faults import CallFault
from tests.fakes.telegram_world import Json
from tests.stack import eventually


def sent_while_nothing_is_delivered(harness: TelegramHarness, person: int) -> Json:
    """Send a photo and wait until its painting is ready; deliveries are paused."""
    harness.services.controls.pause("deliver", "telegram")
    sent = harness.api.people.photo(person, snapshot(person))
    ledger = harness.services.ledger

    def painted() -> bool:
        jobs = [ledger.job(each) for each in ledger.open_jobs("telegram", str(person))]
        return any(job.pictures for job in jobs)

    eventually(painted, what="the painting is ready")
    return sent


@pytest.mark.parametrize(
    ("sentence", "reason"),
    [
        ("Forbidden: bot was blocked by the user", "blocked"),
        ("Forbidden: user is deactivated", "deactivated"),
        ("Bad Request: chat not found", "chat-gone"),
        ("Bad Request: TOPIC_CLOSED", "topic-closed"),
        ("Bad Request: have no rights to send a message", "muted"),
    ],
)
def test_where_nobody_can_be_answered_the_job_ends(
    harness: TelegramHarness, sentence: str, reason: str
) -> None:
    ann = harness.person()
    sent_while_nothing_is_delivered(harness, ann)
    harness.api.world.chat(ann).barred = sentence
    harness.services.controls.resume("deliver", "telegram")

    ledger = harness.services.ledger
    (job_id,) = eventually(lambda: ledger.past_jobs("telegram", str(ann)), 40)

    assert ledger.job(job_id).outcome is Outcome.UNDELIVERABLE
    assert ledger.job(job_id).reason == reason


def test_the_first_words_promise_no_painting_where_an_apology_is_due(
    harness: TelegramHarness,
) -> None:
    ann = harness.person()
    greeting = harness.api.faults.add(CallFault("setMessageReaction", hold=threading.Event()))
    harness.services.controls.pause("deliver", "telegram")
    harness.api.people.document(ann, b"%PDF-1.7 no photo" * 20, "a.jpg", "image/jpeg")
    ledger = harness.services.ledger

    def refused() -> bool:
        jobs = [ledger.job(each) for each in ledger.open_jobs("telegram", str(ann))]
        return any(job.reason for job in jobs)

    eventually(refused, what="the apology is ready")
    assert greeting.hold is not None
    greeting.hold.set()
    assert harness.words(ann, "Got your photo")
    harness.services.controls.resume("deliver", "telegram")
    assert harness.words(ann, "PDF")


def test_a_deleted_placeholder_is_replaced(harness: TelegramHarness) -> None:
    ann = harness.person()
    chat = harness.api.world.chat(ann)
    sent = sent_while_nothing_is_delivered(harness, ann)
    harness.api.world.wait(chat.of_bot)
    chat.messages.pop(chat.of_bot()[0]["message_id"])
    harness.services.controls.resume("deliver", "telegram")
    assert harness.painting(sent)


def test_a_deleted_photo_is_still_answered(harness: TelegramHarness) -> None:
    ann = harness.person()
    chat = harness.api.world.chat(ann)
    sent = sent_while_nothing_is_delivered(harness, ann)
    chat.messages.pop(sent["message_id"])
    harness.services.controls.resume("deliver", "telegram")
    harness.api.world.wait(chat.paintings)


def test_what_telegram_will_not_show_as_a_photo_comes_as_a_file(harness: TelegramHarness) -> None:
    ann = harness.person()
    refused = "Bad Request: PHOTO_INVALID_DIMENSIONS"
    harness.api.faults.add(CallFault("editMessageMedia", status=400, description=refused))
    sent = harness.api.people.photo(ann, snapshot(301))
    assert "document" in harness.painting(sent)


def test_the_same_picture_is_uploaded_once(harness: TelegramHarness) -> None:
    ann, ben = harness.group(), harness.group()
    people, photo = harness.api.people, snapshot(304)
    first = harness.painting(
        people.photo(harness.person(), photo, chat=ann.id, caption="@suisai_bot")
    )
    again = harness.painting(
        people.photo(harness.person(), photo, chat=ben.id, caption="@suisai_bot")
    )
    assert first["photo"][-1]["file_id"] == again["photo"][-1]["file_id"]


def test_a_long_wait_ends_in_a_new_message_and_the_placeholder_in_one_line(
    harness: TelegramHarness,
) -> None:
    ann = harness.person()
    chat = harness.api.world.chat(ann)
    sent = sent_while_nothing_is_delivered(harness, ann)
    (job_id,) = eventually(lambda: harness.services.ledger.open_jobs("telegram", str(ann)))
    admitted = harness.services.redis.hget(
        f"{harness.services.settings.namespace}:job:{job_id}", "admitted"
    )
    long_ago = int(admitted or 0) - 60_000
    harness.services.redis.hset(
        f"{harness.services.settings.namespace}:job:{job_id}", "admitted", long_ago
    )
    harness.services.controls.resume("deliver", "telegram")

    painting = harness.painting(sent)
    line = harness.words(ann, "your painting is below")

    assert [m["message_id"] for m in chat.of_bot()] == [line["message_id"], painting["message_id"]]


def test_a_cancelled_photo_is_not_painted(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.services.controls.pause("render")
    harness.api.people.photo(ann, snapshot(305))
    placeholder = harness.api.world.wait(harness.api.world.chat(ann).of_bot)[0]
    harness.api.people.press(ann, placeholder, "Cancel")
    harness.api.world.wait(lambda: placeholder.get("text") == "Cancelled.")
    harness.services.controls.resume("render")
    (job_id,) = harness.services.ledger.past_jobs("telegram", str(ann))
    assert harness.services.ledger.job(job_id).outcome is Outcome.CANCELLED


def test_a_placeholder_shows_the_queue_position_and_is_updated(harness: TelegramHarness) -> None:
    ann = harness.person()
    chat = harness.api.world.chat(ann)
    # A rest that ends by itself: of an operator's pause the placeholder says that it is one.
    harness.services.controls.pause("render", until=time.time() + 90)
    for number in (306, 307, 308):
        harness.api.people.photo(ann, snapshot(number))
    harness.api.world.wait(lambda: len(chat.of_bot()) == 3, 40)
    # Photos that come together may be greeted in any order; each must come to its own place.
    places = ("Next in line", "2nd in line", "3rd in line")

    def told() -> bool:
        texts = [message.get("text", "") for message in chat.of_bot()]
        return all(any(place in text for text in texts) for place in places)

    harness.api.world.wait(told, 40)
    harness.services.controls.resume("render")
    harness.api.world.wait(lambda: all("photo" in message for message in chat.of_bot()), 60)


def test_too_many_at_once_are_refused_with_a_sentence(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.services.controls.pause("render")
    for number in range(310, 314):
        harness.api.people.photo(ann, snapshot(number))
    assert harness.words(ann, "still working on your earlier photos")
    harness.services.controls.resume("render")
