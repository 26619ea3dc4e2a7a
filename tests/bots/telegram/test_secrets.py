"""The bot's token is in no log and no stored data, for any error."""

from __future__ import annotations

import pytest

from tasks.services import Services
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TOKEN, TelegramApi
from tests.fakes.telegram_faults import CallFault
from tests.stack import Stack, eventually

SECRET = TOKEN.partition(":")[2]
PEOPLE = range(4711, 4717)


def everything_that_can_fail() -> list[CallFault]:
    """Return a fault of each kind for each way in which the bot talks to Telegram."""
    methods = ("getFile", "sendMessage", "sendPhoto", "editMessageMedia")
    return [
        CallFault("getUpdates", status=500),
        CallFault("getUpdates", cut=True),
    ] + [
        fault
        for method in methods
        for fault in (
            CallFault(method, status=500),
            CallFault(method, status=400, description="Bad Request: something new"),
            CallFault(method, status=429, parameters={"retry_after": 1}),
            CallFault(method, cut=True),
            CallFault(method, lost=True),
        )
    ]


@pytest.fixture
def talkative(bot: Stack) -> Stack:
    """Processes with the most verbose log level."""
    bot.environment["SUISAI_LOG_LEVEL"] = "DEBUG"
    bot.start_workers()
    bot.start("telegram", "telegram")
    return bot


def kept(services: Services) -> str:
    """Return everything in the store, as text."""
    dumps = [services.redis.dump(key) or "" for key in services.redis.scan_iter()]
    return repr(dumps)


def test_the_token_is_in_no_log_and_in_nothing_that_is_kept(
    telegram: TelegramApi, services: Services, talkative: Stack
) -> None:
    faults = [telegram.faults.add(fault) for fault in everything_that_can_fail()]
    for number, person in enumerate(PEOPLE):
        telegram.people.photo(person, snapshot(number))

    def all_ended() -> bool:
        jobs = [
            services.ledger.job(job)
            for person in PEOPLE
            for job in services.ledger.past_jobs("telegram", str(person))
        ]
        return len(jobs) == len(PEOPLE) and all(job.outcome for job in jobs)

    eventually(all_ended, 90, "every photo has its answer or its apology")

    assert sum(fault.reached.is_set() for fault in faults) >= 8
    for process in ("telegram", "io", "gpu", "sweep"):
        assert SECRET not in talkative.log(process)
    assert SECRET not in kept(services)
