"""The offset: it moves when an update was taken in, and not a moment earlier."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bots.telegram.api import open_bot
from bots.telegram.asking import PLATFORM
from bots.telegram.polling import Poller, TakeIn
from bots.telegram.settings import TelegramSettings
from tasks.services import Services
from tests.bots.telegram.town import snapshot
from tests.fakes.telegram_api import TOKEN, TelegramApi

ANN, BEN = 1, 2


@pytest.fixture
def poll(telegram: TelegramApi, services: Services) -> Callable[[TakeIn], None]:
    """Poll once, with a way to take updates in."""

    def once(take_in: TakeIn) -> None:
        async def story() -> None:
            settings = TelegramSettings(token=TOKEN, api_url=telegram.url)  # type: ignore[arg-type]
            async with open_bot(settings) as bot:
                await Poller(bot, take_in, services.notebook(PLATFORM), timeout_s=0).once()

        asyncio.run(story())

    return once


def test_an_update_is_confirmed_by_the_poll_after_it_was_taken_in(
    telegram: TelegramApi, services: Services, poll: Callable[[TakeIn], None]
) -> None:
    telegram.people.photo(ANN, snapshot(1))
    offsets = []

    async def take_in(update: dict[str, Any]) -> None:
        offsets.append(services.notebook(PLATFORM).get("offset"))

    poll(take_in)
    assert offsets == [None], "the offset stands still while an update is taken in"
    assert telegram.updates.pending() == 1
    poll(take_in)
    assert telegram.updates.pending() == 0
    assert len(offsets) == 1


def test_what_could_not_be_taken_in_comes_again_with_all_that_came_with_it(
    telegram: TelegramApi, services: Services, poll: Callable[[TakeIn], None]
) -> None:
    telegram.people.photo(ANN, snapshot(1))
    telegram.people.photo(BEN, snapshot(2))
    taken = []

    async def take_in(update: dict[str, Any]) -> None:
        taken.append(update["message"]["from"]["id"])
        if len(taken) == 1:
            raise ConnectionError("the ledger's store went away")

    with pytest.raises(ConnectionError):
        poll(take_in)
    poll(take_in)
    assert set(taken[-2:]) == {ANN, BEN}


def test_one_chat_is_taken_in_in_its_order_others_beside_it(
    telegram: TelegramApi, poll: Callable[[TakeIn], None]
) -> None:
    for _ in range(3):
        telegram.people.say(ANN, "/status")
    telegram.people.say(BEN, "/status")
    taken: list[int] = []
    ben_came = asyncio.Event()

    async def take_in(update: dict[str, Any]) -> None:
        if update["message"]["from"]["id"] == BEN:
            ben_came.set()
        else:
            await ben_came.wait()
            taken.append(update["update_id"])

    poll(take_in)
    assert len(taken) == 3
    assert taken == sorted(taken)
