"""Commands of operators, which work only in private, and the settings of groups."""

from __future__ import annotations

from typing import Any

import pytest

from bots.telegram.keyboards import CANCEL, COMPARE, ORIGINAL, RESEND, Action, encode
from tasks.models import PaintRequest, PhotoRef
from tests.bots.telegram.driver import DeliveryDriver
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_world import Json

ANN, BEN, BOSS = 11, 12, 13
GROUP = -1_000_000_000_077
NAME = "@suisai_bot"
STRANGER = {
    "type": "user",
    "date": 1,
    "sender_user": {"id": 66, "is_bot": False, "first_name": "M"},
}
OTHER_BOT = {"id": 888, "is_bot": True, "first_name": "B", "username": "another_bot"}


@pytest.fixture(autouse=True)
def operators(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_ADMINS", f"[{BOSS}]")


def say(driver: DeliveryDriver, person: int, words: str, **more: Any) -> list[str]:
    """Say something to the bot; return what it says back."""
    chat = driver.api.world.chat(more.get("chat") or person)
    before = len(chat.of_bot())
    driver.api.people.say(person, words, **more)
    driver.listen()
    return [message.get("text", "") for message in chat.of_bot()[before:]]


def banned(driver: DeliveryDriver, person: int = ANN) -> bool:
    return driver.services.users.status("telegram", str(person)).banned


def test_an_operator_bans_in_private(driver: DeliveryDriver) -> None:
    assert say(driver, BOSS, f"/ban {ANN}") == ["Done."]
    assert banned(driver)
    say(driver, BOSS, f"/unban telegram:{ANN}")
    assert not banned(driver)


def test_a_ban_refuses_requests_but_not_operator_commands(driver: DeliveryDriver) -> None:
    say(driver, BOSS, f"/ban {BOSS}")
    driver.api.people.photo(BOSS, snapshot(1))
    driver.listen()
    assert driver.services.ledger.open_jobs("telegram", str(BOSS)) == ()
    assert say(driver, BOSS, f"/unban {BOSS}") == ["Done."]
    assert not banned(driver, BOSS)


@pytest.mark.parametrize(
    ("person", "more"),
    [
        pytest.param(BEN, {}, id="a stranger"),
        pytest.param(BOSS, {"chat": GROUP}, id="an operator in a group"),
        pytest.param(BEN, {"chat": GROUP}, id="an admin of a group"),
        pytest.param(BOSS, {"forward_origin": STRANGER}, id="forwarded by an operator"),
        pytest.param(BOSS, {"via_bot": OTHER_BOT}, id="written by another bot"),
    ],
)
@pytest.mark.parametrize("order", [f"/ban{NAME} {ANN}", "/pause intake"])
def test_only_operators_can_use_their_commands(
    driver: DeliveryDriver, person: int, more: Json, order: str
) -> None:
    driver.api.world.chat(GROUP).admins.update({BEN, BOSS})
    say(driver, person, order, **more)
    assert not banned(driver)
    assert driver.services.controls.paused() == {}


def test_what_is_forwarded_changes_nothing_for_its_reader(driver: DeliveryDriver) -> None:
    say(driver, ANN, "/language ja", forward_origin=STRANGER)
    say(driver, ANN, "/cancel", forward_origin=STRANGER)
    assert driver.services.kv("telegram").get(f"language:{ANN}") is None


@pytest.mark.parametrize(
    "order",
    ["/ban @ann", "/ban ann", "/ban tg:11", "/ban 11 12", "/ban", "/ban :11", "/unban web:11",
     "/pause intake nowhere", "/resume nothing", "/pause intake telegram x"],
)  # fmt: skip
def test_a_command_without_effect_is_not_confirmed(driver: DeliveryDriver, order: str) -> None:
    (answer,) = say(driver, BOSS, order)
    assert "/ban ID" in answer
    assert driver.services.controls.paused() == {}


def painting_in_the_group(driver: DeliveryDriver) -> Json:
    """Ann has a photo of hers painted in the group; return the painting."""
    sent = driver.api.people.photo(ANN, snapshot(1), chat=GROUP, caption=NAME)
    driver.listen()
    (job_id,) = driver.services.ledger.open_jobs("telegram", str(ANN))
    driver.paint(job_id)
    driver.ended(job_id)
    (painting,) = driver.api.world.chat(GROUP).paintings(sent["message_id"])
    return painting


def press_again(driver: DeliveryDriver, painting: Json) -> None:
    driver.api.people.press(BEN, painting, "Again")
    driver.listen()


def reply(driver: DeliveryDriver, painting: Json) -> None:
    driver.api.people.say(BEN, f"{NAME} watercolor", chat=GROUP, reply_to=painting)
    driver.listen()


@pytest.mark.parametrize("ask", [press_again, reply])
def test_a_photo_stays_its_owners_in_the_next_painting(driver: DeliveryDriver, ask: Any) -> None:
    painting = painting_in_the_group(driver)
    ask(driver, painting)

    (job_id,) = driver.services.ledger.open_jobs("telegram", str(BEN))
    (photo,) = driver.services.ledger.job(job_id).request.photos
    assert photo.owner == str(ANN)

    driver.services.users.forget("telegram", str(ANN), opt_out=True)
    shown = len(driver.api.world.chat(GROUP).paintings())
    driver.ledger_driver.claim(driver.services.ledger.job(job_id).stage)  # type: ignore[arg-type]
    driver.ended(job_id)
    assert len(driver.api.world.chat(GROUP).paintings()) == shown


@pytest.mark.parametrize("ask", [press_again, reply])
def test_a_group_that_forbids_others_photos_forbids_their_repaints(
    driver: DeliveryDriver, ask: Any
) -> None:
    painting = painting_in_the_group(driver)
    driver.api.world.chat(GROUP).admins.add(BOSS)
    say(driver, BOSS, f"/others{NAME} off", chat=GROUP)
    ask(driver, painting)
    assert driver.services.ledger.open_jobs("telegram", str(BEN)) == ()


def test_a_painting_of_ones_own_photo_has_no_other_owner(driver: DeliveryDriver) -> None:
    painting = painting_in_the_group(driver)
    driver.api.people.press(ANN, painting, "Again")
    driver.listen()
    (job_id,) = driver.services.ledger.open_jobs("telegram", str(ANN))
    assert driver.services.ledger.job(job_id).request.photos[0].owner is None


def test_after_an_opt_out_nobody_shares_the_painting_by_its_file(driver: DeliveryDriver) -> None:
    painting = painting_in_the_group(driver)
    press_again(driver, painting)
    (job_id,) = driver.services.ledger.open_jobs("telegram", str(BEN))
    driver.paint(job_id)
    driver.ended(job_id)
    assert offered(driver)

    driver.services.users.forget("telegram", str(ANN), opt_out=True)

    assert offered(driver) == []


def offered(driver: DeliveryDriver) -> list[Json]:
    """Return what inline mode offers to Ben."""
    query = driver.api.people.type_inline(BEN)
    driver.listen()
    results = driver.api.world.answered[query]["results"]
    return list(results)


@pytest.mark.parametrize(
    ("verb", "platform"),
    [(CANCEL, "x"), (CANCEL, "x-dm"), (CANCEL, "web"), (ORIGINAL, "x"), (ORIGINAL, "web"),
     (COMPARE, "x-dm"), (RESEND, "x")],
)  # fmt: skip
def test_the_job_of_a_namesake_elsewhere_is_out_of_reach(
    driver: DeliveryDriver, verb: str, platform: str
) -> None:
    """People of two platforms may have the same number, and a job's id follows from a public post."""
    job_id = driver.ledger_driver.admit(
        PaintRequest(
            platform=platform,
            event="a-public-post",
            person=str(BEN),
            conversation="ab12" if platform == "web" else str(BEN),
            photos=(PhotoRef("photo"),),
            private=True,
        )
    )
    if verb != CANCEL:
        driver.paint(job_id)
    say(driver, BEN, "/start")
    *_, shown = driver.api.world.chat(BEN).of_bot()

    driver.api.people.press_data(BEN, shown, encode(Action(verb, job_id)))
    driver.listen()

    assert driver.services.ledger.job(job_id).outcome is None
    assert driver.api.world.chat(BEN).of_bot()[-1] == shown


@pytest.mark.parametrize(
    "data", ["cancel|", "cancel|" + "x" * 50, "original|*", "|", "language|xx", "style|x"]
)
def test_forged_buttons_do_nothing(driver: DeliveryDriver, data: str) -> None:
    say(driver, BEN, "/start")
    *_, shown = driver.api.world.chat(BEN).of_bot()
    query = driver.api.people.press_data(BEN, shown, data)
    driver.listen()
    assert query in driver.api.world.answered
    assert driver.api.world.chat(BEN).of_bot()[-1] == shown
