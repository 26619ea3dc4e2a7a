from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from queue import Empty, Queue

from redis.exceptions import ConnectionError as RedisConnectionError

from bots.web.job_events import JobEvents
from tasks.models import JobUpdate

PATIENCE_S = 10


class Ledger:
    """A ledger's news, spoken by the test."""

    def __init__(self) -> None:
        self.said: Queue[JobUpdate | Exception] = Queue()

    def news(self, stop: threading.Event) -> Iterator[JobUpdate]:
        while not stop.is_set():
            try:
                said = self.said.get(timeout=0.05)
            except Empty:
                continue
            if isinstance(said, Exception):
                raise said
            yield said


async def wakes(changed: asyncio.Event) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        await changed.wait()
    changed.clear()
    return True


def test_a_jobs_own_news_wake_its_page() -> None:
    async def story(ledger: Ledger, desk: JobEvents) -> None:
        with desk.subscribe("mine") as changed:
            ledger.said.put(JobUpdate("mine", "web", "progress"))
            assert await wakes(changed)

    tell(story)


def test_the_news_of_others_move_the_line_but_their_progress_does_not() -> None:
    async def story(ledger: Ledger, desk: JobEvents) -> None:
        with desk.subscribe("mine") as mine, desk.subscribe("theirs") as theirs:
            ledger.said.put(JobUpdate("theirs", "telegram", "progress"))
            assert await wakes(theirs)
            assert not mine.is_set()
            ledger.said.put(JobUpdate("theirs", "telegram", "answered"))
            assert await wakes(mine)

    tell(story)


def test_a_lost_connection_is_taken_up_again() -> None:
    async def story(ledger: Ledger, desk: JobEvents) -> None:
        with desk.subscribe("mine") as changed:
            ledger.said.put(RedisConnectionError("gone"))
            ledger.said.put(JobUpdate("mine", "web", "painted"))
            assert await wakes(changed)

    tell(story)


def test_whoever_waits_goes_when_the_desk_closes() -> None:
    async def story(_: Ledger, desk: JobEvents) -> None:
        with desk.subscribe("mine") as changed:
            desk.stop()
            assert await wakes(changed)
            assert desk.closed

    tell(story)


def tell(story: Callable[[Ledger, JobEvents], Awaitable[None]]) -> None:
    """Run a story at an open desk."""
    ledger = Ledger()
    desk = JobEvents(ledger.news)

    async def run() -> None:
        desk.start()
        try:
            await story(ledger, desk)
        finally:
            desk.stop()
            await desk.wait_closed()

    asyncio.run(run())
