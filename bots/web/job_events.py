"""Passes job updates from the ledger to the open event streams, so that no page has to poll."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from tasks.errors import StoreError
from tasks.models import JobUpdate

_log = structlog.get_logger()

_QUEUE_MOVED_S = 0.5
"""Updates of other jobs change a place in the queue; all streams are woken at most once in this time."""

_RESUBSCRIBE_S = 1.0

Listen = Callable[[threading.Event], Iterator[JobUpdate]]


class JobEvents:
    """One thread listens to the ledger; subscribers wait on events of the running loop."""

    def __init__(self, listen: Listen) -> None:
        self._listen = listen
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="job-events", daemon=True)
        self._subscribers: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue_moved: asyncio.TimerHandle | None = None

    @property
    def closed(self) -> bool:
        """Return whether `stop` was called: no more updates come, and open streams must end."""
        return self._stop.is_set()

    def start(self) -> None:
        """Start the listening thread; it wakes subscribers of the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and wake all subscribers, so that they end. Call it from the event loop."""
        self._stop.set()
        self._wake_all()

    async def wait_closed(self) -> None:
        """Wait until the listening thread has ended."""
        await asyncio.to_thread(self._thread.join)

    @contextmanager
    def subscribe(self, job_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever this job or its place in the queue may have changed."""
        changed = asyncio.Event()
        self._subscribers[job_id].add(changed)
        try:
            yield changed
        finally:
            self._subscribers[job_id].discard(changed)
            if not self._subscribers[job_id]:
                del self._subscribers[job_id]

    def _run(self) -> None:
        while not self.closed:
            try:
                for update in self._listen(self._stop):
                    self._forward(update)
            except StoreError as error:
                _log.warning("job_events_interrupted", error=str(error), action="subscribe again")
                self._stop.wait(_RESUBSCRIBE_S)

    def _forward(self, update: JobUpdate) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake, update)

    def _wake(self, update: JobUpdate) -> None:
        for changed in self._subscribers.get(update.job_id, ()):
            changed.set()
        if self._queue_moved is None and update.event != "progress" and self._loop is not None:
            self._queue_moved = self._loop.call_later(_QUEUE_MOVED_S, self._wake_all)

    def _wake_all(self) -> None:
        self._queue_moved = None
        for subscribers in self._subscribers.values():
            for changed in subscribers:
                changed.set()
