"""Which painting workers stand by: while a worker with a better engine lives, a lesser one takes no jobs.

It takes jobs again as soon as the bot is overloaded, or the better engine's worker ends or falls silent. A
worker that stands by stops listening to wake-ups, so that they reach the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import structlog
from celery import Celery

from tasks.heartbeat import Process
from tasks.models import OverloadLevel, Stage
from tasks.worker.context import WorkerContext

STATE = "state"
"""The fact in a heartbeat of a worker that takes no jobs: why it takes none."""

STANDS_BY = "stands by"

_log = structlog.get_logger()


def engines_at_work(processes: Iterable[Process]) -> frozenset[str]:
    """Return the names of the engines whose workers live and are ready to take jobs.

    A worker that stands by counts: it takes jobs where its betters are gone. A drained one does not.
    """
    return frozenset(
        process.facts["engine"].partition("/")[0]
        for process in processes
        if "engine" in process.facts and process.facts.get(STATE, STANDS_BY) == STANDS_BY
    )


def must_stand_by(
    engine: str, order: Sequence[str], living: Collection[str], level: OverloadLevel
) -> bool:
    """Return whether a worker with this engine leaves all jobs to others.

    `order`: the engines of the fleet, the best first (`SUISAI_ENGINES`); others paint nothing.
    """
    if engine not in order:
        return True
    betters = order[: order.index(engine)]
    return level is OverloadLevel.NORMAL and any(better in living for better in betters)


class Preference:
    """Lets one painting worker stand by and take jobs again."""

    def __init__(self, app: Celery, context: WorkerContext, engine: str, node: str) -> None:
        """`engine`: its name; `node`: the worker's name in Celery."""
        self._app = app
        self._context = context
        self._engine = engine
        self._node = node

    def follow(self) -> None:
        """Look once whether this worker is needed. Raises `RedisError`."""
        context = self._context
        if not context.ready.is_set():
            return
        services = context.services
        order = services.settings.engines
        living = engines_at_work(services.heartbeats.alive())
        stand_by = must_stand_by(self._engine, order, living, services.controls.overload_level())
        if stand_by == context.standing_by.is_set():
            return
        queue = str(Stage.RENDER)
        if stand_by:
            context.standing_by.set()
            _log.info("worker_stands_by", engine=self._engine, order=order, action="leave jobs")
            self._app.control.cancel_consumer(queue, destination=[self._node])
        else:
            context.standing_by.clear()
            _log.info("worker_needed", engine=self._engine, action="take jobs")
            self._app.control.add_consumer(queue, destination=[self._node])
            services.ledger.wake(Stage.RENDER)
