"""Surges: the bot stays within Telegram's limits, and everybody gets a placeholder."""

from __future__ import annotations

from tasks.services import Services
from tasks.settings import Settings
from tests.bots.telegram.harness import TelegramHarness, snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_limits import SPEAKING
from tests.stack import Stack, eventually

PEOPLE = 300


def test_many_people_are_acknowledged_within_the_quota(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.start("telegram", "telegram")
    photo = snapshot(1)
    for person in range(1, PEOPLE + 1):
        telegram.people.photo(person, photo)

    chats = [telegram.world.chat(person) for person in range(1, PEOPLE + 1)]
    telegram.world.wait(lambda: all(chat.of_bot() for chat in chats), 60)

    said = [call for call in telegram.made() if call.method in SPEAKING]
    assert [call for call in said if call.status == 429] == []
    assert all(
        len(services.ledger.open_jobs("telegram", str(p))) == 1 for p in range(1, PEOPLE + 1)
    )
    last = chats[-1].of_bot()[0]
    telegram.world.wait(
        lambda: "in line, about" in last["text"], 60, "the last one's place in line"
    )


def test_people_who_cannot_be_painted_in_time_are_told_when_to_come_back(
    telegram: TelegramApi, services: Services, bot: Stack
) -> None:
    bot.environment["SUISAI_LIMITS"] = '{"cooldown_s": 0, "max_wait_s": 40}'
    bot.start("telegram", "telegram")
    for person in range(1, 101):
        telegram.people.photo(person, snapshot(2))
    chats = [telegram.world.chat(person) for person in range(1, 101)]
    telegram.world.wait(lambda: all(chat.of_bot() for chat in chats), 60)
    words = [chat.of_bot()[0]["text"] for chat in chats]
    assert any("So many photos are waiting" in each for each in words)


def test_a_busy_group_delays_no_other_chat(
    telegram: TelegramApi, settings: Settings, services: Services, bot: Stack
) -> None:
    bot.start("telegram", "telegram")
    bot.start_workers()
    group = telegram.world.chat(-1_000_000_000_999)
    for person in range(1, 51):
        telegram.people.photo(person, snapshot(person), chat=group.id, caption="@suisai_bot")
    telegram.world.wait(lambda: len(group.reactions) == 50, 60, "all fifty are heard")

    sent = telegram.people.photo(99, snapshot(99))
    chat = telegram.world.chat(99)
    telegram.world.wait(lambda: chat.paintings(sent["message_id"]), 60, "the quiet one's painting")

    floods = [call for call in telegram.made() if call.status == 429]
    assert floods == []
    assert eventually(lambda: len(group.paintings()) >= 5, 60)
    refused = [each for each in group.reactions.values() if each == "😴"]
    assert len(refused) == 50 - settings.limits.open_per_conversation


def test_albums_of_a_crowd_stay_together(harness: TelegramHarness) -> None:
    people = [harness.person() for _ in range(4)]
    for person in people:
        harness.api.people.album(person, [snapshot(person * 7), snapshot(person * 7 + 1)])
    chats = [harness.api.world.chat(person) for person in people]
    harness.api.world.wait(lambda: all(len(chat.paintings()) == 2 for chat in chats), 60)
    for chat in chats:
        assert len({m["media_group_id"] for m in chat.paintings()}) == 1
