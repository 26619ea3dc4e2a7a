"""The listener handles what people do in chats; it runs in the test's process, without workers."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from bots.telegram.store import Paintings
from tasks.models import Job, Outcome
from tests.bots.telegram.driver import DeliveryDriver
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_faults import CallFault
from tests.fakes.telegram_people import button
from tests.fakes.telegram_world import Json

ANN, BEN, BOSS = 11, 12, 13
GROUP = -1_000_000_000_077
NAME = "@suisai_bot"


def open_job(driver: DeliveryDriver, person: int = ANN) -> Job | None:
    """Return the job of a person, None where there is none."""
    ids = driver.services.ledger.open_jobs("telegram", str(person))
    return driver.services.ledger.job(ids[0]) if ids else None


def placeholder(driver: DeliveryDriver, chat: int) -> Json:
    """Return the bot's message that offers to cancel."""
    said = driver.api.world.chat(chat).of_bot()
    return next(message for message in said if button(message, "Cancel"))


def test_another_member_cannot_cancel_and_is_told_who_can(driver: DeliveryDriver) -> None:
    people = driver.api.people
    people.photo(ANN, snapshot(1), chat=GROUP, caption=NAME)
    driver.listen()
    query = people.press(BEN, placeholder(driver, GROUP), "Cancel")
    driver.listen()

    answer = driver.api.world.answered[query]
    assert "Only the person who sent" in answer["text"]
    assert answer["show_alert"] is True
    assert open_job(driver) is not None

    people.press(ANN, placeholder(driver, GROUP), "Cancel")
    driver.listen()
    assert open_job(driver) is None


@pytest.mark.parametrize("presser", [BOSS, BEN])
def test_what_an_anonymous_admin_asked_for_any_admin_may_cancel(
    driver: DeliveryDriver, presser: int
) -> None:
    group, people = driver.api.world.chat(GROUP), driver.api.people
    group.admins.add(BOSS)
    people.photo(ANN, snapshot(1), chat=GROUP, caption=NAME, sender_chat=group.json())
    driver.listen()
    assert open_job(driver, GROUP) is not None

    people.press(presser, placeholder(driver, GROUP), "Cancel")
    driver.listen()

    (job,) = [open_job(driver, GROUP)]
    assert (job is None) is (presser == BOSS)


@pytest.mark.parametrize(("bot", "painted"), [("another_bot", True), ("suisai_bot", False)])
def test_a_photo_through_another_inline_bot_is_a_photo(
    driver: DeliveryDriver, bot: str, painted: bool
) -> None:
    account = {"id": 777 if bot == "suisai_bot" else 888, "is_bot": True, "first_name": bot}
    driver.api.people.photo(ANN, snapshot(1), via_bot={**account, "username": bot})
    driver.listen()
    assert (open_job(driver) is not None) is painted


@pytest.mark.parametrize("way", ["edit", "send"])
def test_a_spoiler_stays_a_spoiler(
    driver: DeliveryDriver, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "send":
        monkeypatch.setenv("SUISAI_TELEGRAM_EDIT_WITHIN_S", "0")
        monkeypatch.setenv("SUISAI_TELEGRAM_LONG_WAITS", "send")
    driver.api.people.photo(ANN, snapshot(1), has_media_spoiler=True)
    driver.listen()
    job = open_job(driver)
    assert job is not None
    driver.paint(job.id)

    assert driver.ended(job.id).outcome is Outcome.ANSWERED
    (painting,) = driver.api.world.chat(ANN).paintings()
    assert painting["has_media_spoiler"] is True
    driver.api.people.press(ANN, painting, "Again")
    driver.listen()
    again = open_job(driver)
    assert again is not None
    assert again.request.address["spoiler"] == "1"


def refused(driver: DeliveryDriver) -> dict[str, Any]:
    driver.services.users.ban("telegram", str(ANN))
    return driver.api.people.photo(ANN, snapshot(1), chat=GROUP, caption=NAME)


def accepted(driver: DeliveryDriver) -> dict[str, Any]:
    return driver.api.people.photo(ANN, snapshot(1), chat=GROUP, caption=NAME)


def not_understood(driver: DeliveryDriver) -> dict[str, Any]:
    return driver.api.people.say(ANN, f"{NAME} hello?", chat=GROUP)


@pytest.mark.parametrize("happens", [accepted, refused, not_understood])
@pytest.mark.parametrize("reactions_off", [True, False])
def test_where_reactions_are_forbidden_a_short_word_stands_for_them(
    driver: DeliveryDriver, happens: Any, reactions_off: bool
) -> None:
    group = driver.api.world.chat(GROUP)
    group.reactions_off = reactions_off
    asked = happens(driver)
    driver.listen()

    said = [message["text"] for message in group.of_bot()]
    if reactions_off:
        assert len(said) == 1
        assert group.reactions == {}
    else:
        assert asked["message_id"] in group.reactions


def test_an_old_message_id_is_not_taken_for_a_message_of_the_supergroup(
    driver: DeliveryDriver,
) -> None:
    world = driver.api.world
    old, new = world.chat(-50), world.chat(GROUP)
    old.type = "group"
    job_id, _ = driver.painted(ANN, chat=old.id)
    (waiting,) = old.of_bot()
    others = [world.post(new, waiting["from"], {"text": f"line {n}"}) for n in range(20)]
    assert waiting["message_id"] in [other["message_id"] for other in others]
    old.moved_to = new.id

    assert driver.ended(job_id).outcome is Outcome.ANSWERED

    assert [m["text"] for m in new.of_bot() if "text" in m] == [f"line {n}" for n in range(20)]
    assert len(new.paintings()) == 1


def test_a_server_that_tells_only_what_it_must_about_the_bot_is_enough(
    driver: DeliveryDriver,
) -> None:
    driver.api.world.me = {"id": 777, "is_bot": True, "first_name": "Suisai"}
    driver.api.people.photo(ANN, snapshot(1))
    driver.api.people.photo(BEN, snapshot(2), chat=GROUP, caption=NAME)
    driver.listen()
    assert open_job(driver, ANN) is not None
    assert open_job(driver, BEN) is None, "nobody knows its name"


def test_a_guest_uploads_again_what_telegram_has_lost(driver: DeliveryDriver) -> None:
    people, world = driver.api.people, driver.api.world
    people.say(ANN, "/start")
    query = people.guest(ANN, snapshot(1), NAME)
    driver.listen()
    job = open_job(driver)
    assert job is not None
    driver.paint(job.id)
    picture = driver.services.blobs.get(driver.services.ledger.job(job.id).pictures[0])
    known = Paintings.file_key(picture)
    driver.services.kv("telegram").put(known, "a-file-that-is-gone")

    assert driver.ended(job.id).outcome is Outcome.ANSWERED

    assert "photo" in world.inline[f"inline-{query}"]


def test_what_a_guests_message_does_not_take_is_said_in_it(driver: DeliveryDriver) -> None:
    people, world = driver.api.people, driver.api.world
    people.say(ANN, "/start")
    query = people.guest(ANN, snapshot(1), NAME)
    driver.listen()
    job = open_job(driver)
    assert job is not None
    driver.paint(job.id)
    refused = "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN"
    driver.api.faults.add(CallFault("editMessageMedia", status=400, description=refused))

    assert driver.ended(job.id).outcome is Outcome.UNDELIVERABLE

    assert "not allowed to send pictures" in world.inline[f"inline-{query}"]["text"]


def test_a_placeholder_that_cannot_be_recorded_is_deleted(
    driver: DeliveryDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = driver.api.faults.add(CallFault("sendMessage", hold=threading.Event(), after=True))
    store, pauses = driver.services.redis, "bots.telegram.listener.placeholders._STORE_PAUSES_S"
    monkeypatch.setattr(pauses, (0.0,))
    usual = str(store.config_get("maxmemory")["maxmemory"])

    def stop_the_store() -> None:
        assert fault.reached.wait(30)
        store.config_set("maxmemory", "1")
        assert fault.hold is not None
        fault.hold.set()

    stopping = threading.Thread(target=stop_the_store)
    stopping.start()
    driver.api.people.photo(ANN, snapshot(1))
    try:
        driver.listen()
    finally:
        stopping.join()
        store.config_set("maxmemory", usual)

    assert driver.api.world.chat(ANN).of_bot() == []
