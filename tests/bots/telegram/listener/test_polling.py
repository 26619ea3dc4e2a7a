"""The offset moves after an update was handled, never before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bots.telegram.client import PatientBot, open_bot
from bots.telegram.listener.polling import Poller, TakeIn, offset_key
from bots.telegram.settings import PLATFORM, TelegramSettings
from tasks.services import Services
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TOKEN, TelegramApi

ANN, BEN = 1, 2


def at_home(telegram: TelegramApi, token: str = TOKEN) -> PatientBot:
    """Return a bot that is connected to the fake server."""
    return open_bot(TelegramSettings(token=SecretStr(token), api_url=telegram.url))


@pytest.fixture
def poll(telegram: TelegramApi, services: Services) -> Callable[[TakeIn], None]:
    """Poll once, with this handler of updates."""

    def once(take_in: TakeIn) -> None:
        async def run() -> None:
            async with at_home(telegram) as bot:
                await Poller(bot, take_in, services.kv(PLATFORM), timeout_s=0).once()

        asyncio.run(run())

    return once


def test_an_update_is_confirmed_by_the_poll_after_it_was_taken_in(
    telegram: TelegramApi, services: Services, poll: Callable[[TakeIn], None]
) -> None:
    telegram.people.photo(ANN, snapshot(1))
    offsets = []

    async def take_in(update: dict[str, Any]) -> None:
        offsets.append(services.kv(PLATFORM).get(offset_key(at_home(telegram))))

    poll(take_in)
    assert offsets == [None], "the offset does not move while an update is handled"
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


def test_updates_that_are_numbered_anew_after_a_quiet_week_are_not_skipped(
    telegram: TelegramApi, services: Services, poll: Callable[[TakeIn], None]
) -> None:
    telegram.people.photo(ANN, snapshot(1))

    async def take_in(update: dict[str, Any]) -> None: ...

    poll(take_in)

    notebook = services.kv(PLATFORM)
    key = f"{services.settings.namespace}:notes:{PLATFORM}:{offset_key(at_home(telegram))}"
    assert notebook.get(offset_key(at_home(telegram)))
    assert 0 < services.redis.ttl(key) < 7 * 86_400


def test_another_bot_and_another_server_have_offsets_of_their_own(telegram: TelegramApi) -> None:
    here = offset_key(at_home(telegram))
    moved = TelegramSettings(token=SecretStr(TOKEN), api_url=f"{telegram.url}/elsewhere")
    assert offset_key(at_home(telegram, "778:another-bots-token")) != here
    assert offset_key(open_bot(moved)) != here
    assert offset_key(at_home(telegram, "777:the-same-bots-next-token")) == here
    assert TOKEN.partition(":")[2] not in here
