from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from queue import Empty, Queue

from redis.exceptions import ConnectionError as RedisConnectionError

from bots.web.job_events import JobEvents
from tasks.models import JobUpdate

PATIENCE_S = 10


class ScriptedUpdates:
    """Job updates that the test puts into a queue; an exception in it is raised."""

    def __init__(self) -> None:
        self.queue: Queue[JobUpdate | Exception] = Queue()

    def listen(self, stop: threading.Event) -> Iterator[JobUpdate]:
        while not stop.is_set():
            try:
                update = self.queue.get(timeout=0.05)
            except Empty:
                continue
            if isinstance(update, Exception):
                raise update
            yield update


async def wakes(changed: asyncio.Event) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        await changed.wait()
    changed.clear()
    return True


def test_an_update_of_a_job_wakes_its_subscriber() -> None:
    async def scenario(updates: ScriptedUpdates, job_events: JobEvents) -> None:
        with job_events.subscribe("mine") as changed:
            updates.queue.put(JobUpdate("mine", "web", "progress"))
            assert await wakes(changed)

    run(scenario)


def test_updates_of_other_jobs_wake_a_subscriber_but_their_progress_does_not() -> None:
    async def scenario(updates: ScriptedUpdates, job_events: JobEvents) -> None:
        with job_events.subscribe("mine") as mine, job_events.subscribe("theirs") as theirs:
            updates.queue.put(JobUpdate("theirs", "telegram", "progress"))
            assert await wakes(theirs)
            assert not mine.is_set()
            updates.queue.put(JobUpdate("theirs", "telegram", "answered"))
            assert await wakes(mine)

    run(scenario)


def test_a_lost_connection_is_restored() -> None:
    async def scenario(updates: ScriptedUpdates, job_events: JobEvents) -> None:
        with job_events.subscribe("mine") as changed:
            updates.queue.put(RedisConnectionError("gone"))
            updates.queue.put(JobUpdate("mine", "web", "painted"))
            assert await wakes(changed)

    run(scenario)


def test_stopping_wakes_all_subscribers() -> None:
    async def scenario(_: ScriptedUpdates, job_events: JobEvents) -> None:
        with job_events.subscribe("mine") as changed:
            job_events.stop()
            assert await wakes(changed)
            assert job_events.closed

    run(scenario)


def run(scenario: Callable[[ScriptedUpdates, JobEvents], Awaitable[None]]) -> None:
    """Run a scenario while the thread listens."""
    updates = ScriptedUpdates()
    job_events = JobEvents(updates.listen)

    async def listen() -> None:
        job_events.start()
        try:
            await scenario(updates, job_events)
        finally:
            job_events.stop()
            await job_events.wait_closed()

    asyncio.run(listen())
