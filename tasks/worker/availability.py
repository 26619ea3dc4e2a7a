"""Decides whether this worker takes jobs: it may be on standby for a better engine, or drained.

While a worker with a preferred engine is alive, a painting worker with another engine takes jobs only if the
bot is overloaded. A drained worker of any kind finishes its jobs and takes no new ones; then it waits or
ends. A worker that takes no jobs does not listen to wake-ups, so that other workers receive them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import structlog
from celery import Celery

from tasks.heartbeat import Process, process_name
from tasks.models import OverloadLevel, WorkerKind
from tasks.routing import Drain
from tasks.worker.loop import WorkerContext

STATE = "state"
"""The fact in a worker's heartbeat that says why it takes no jobs."""

STANDS_BY = "stands by"
DRAINING = "draining"
"""It takes no new jobs and still holds some."""
DRAINED = "drained"

_log = structlog.get_logger()


def engines_at_work(processes: Iterable[Process]) -> frozenset[str]:
    """Return the names of the engines whose workers are alive and can take jobs.

    Includes workers on standby, which take jobs when the preferred workers end, but not drained ones.
    """
    return frozenset(
        process.facts["engine"].partition("/")[0]
        for process in processes
        if "engine" in process.facts and process.facts.get(STATE, STANDS_BY) == STANDS_BY
    )


def must_stand_by(
    engine: str, order: Sequence[str], living: Collection[str], level: OverloadLevel
) -> bool:
    """Return whether a worker with this engine must leave all jobs to others.

    `order`: the engines in order of preference (`SUISAI_ENGINES`); other engines take no jobs.
    """
    if engine not in order:
        return True
    preferred = order[: order.index(engine)]
    return level is OverloadLevel.NORMAL and any(name in living for name in preferred)


class Availability:
    """Puts one worker on standby, drains it, and lets it take jobs again."""

    def __init__(self, app: Celery, context: WorkerContext, kind: WorkerKind, node: str) -> None:
        """`node`: the worker's name in Celery."""
        self._app = app
        self._context = context
        self._node = node
        self.queues = context.queues_of_kind(kind)
        """The queues of wake-ups that the worker listens to while it takes jobs."""

    @property
    def state(self) -> dict[str, str]:
        """Facts for the heartbeat of a worker that takes no jobs; empty for one that does."""
        context = self._context
        if context.draining.is_set():
            holds = context.services.routing.holds_jobs(context.name)
            return {STATE: DRAINING if holds else DRAINED}
        return {STATE: STANDS_BY} if context.standing_by.is_set() else {}

    def follow_preference(self, engine: str) -> None:
        """Check once whether a painting worker with this engine is needed. Raises `RedisError`."""
        context = self._context
        if not context.ready.is_set():
            return
        services = context.services
        order = services.settings.engines
        living = engines_at_work(services.heartbeats.alive())
        stand_by = must_stand_by(engine, order, living, services.controls.overload_level())
        if stand_by == context.standing_by.is_set():
            return
        if stand_by:
            _log.info("worker_stands_by", engine=engine, order=order, action="leave jobs")
            context.standing_by.set()
        else:
            _log.info("worker_needed", engine=engine, action="take jobs")
            context.standing_by.clear()
        self._listen()

    def follow_drain(self) -> None:
        """Check once whether the operator drains this process. Raises `RedisError`."""
        context = self._context
        if not context.ready.is_set():
            return
        then = context.services.routing.draining().get(process_name())
        if then and not context.draining.is_set():
            _log.info("draining", action=f"finish the jobs it holds, then {then}")
            context.draining.set()
            self._listen()
        elif not then and context.draining.is_set():
            _log.info("drain_ended", action="take jobs")
            context.draining.clear()
            self._listen()
        self._end_if_done(then)

    def _end_if_done(self, then: Drain | None) -> None:
        context = self._context
        if then == "end" and not context.services.routing.holds_jobs(context.name):
            context.stopping.set()
            context.services.routing.undrain(process_name())
            self._app.control.shutdown(destination=[self._node])

    def _listen(self) -> None:
        """Start or stop listening to wake-ups, according to the current state."""
        if not self._context.takes_jobs:
            self._context.services.routing.leave(self._context.name)
            for queue in self.queues:
                self._app.control.cancel_consumer(queue, destination=[self._node])
            return
        for queue in self.queues:
            self._app.control.add_consumer(queue, destination=[self._node])
            self._context.services.ledger.wake(queue)
