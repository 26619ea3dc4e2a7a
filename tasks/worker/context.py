"""What a worker process holds, and the loop that all three stages share.

How attempts are counted. A worker that dies leaves behind all jobs that it held, and at most one of them
killed it. So a death costs a job an attempt only where the worker held that job alone. Where it held
several, none pays and all become suspect: each is claimed next by a worker that lets its other threads
finish first, so that a job that kills its worker dies alone. A fault that no photo causes (a platform that
answers 5xx, a store or a check that is down) costs no attempt either; it is retried for
`fault_patience_s`. A job whose attempts or patience are used up is answered with an apology and goes to the
dead list.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from pipeline.c2pa import C2paSigner
from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from pipeline.safety import Screen
from pipeline.styles import Style
from tasks.heartbeat import unique_process_name
from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Stage
from tasks.platform import Platforms
from tasks.services import Services
from tasks.worker.leases import LeaseRenewer
from tasks.worker.throughput import ThroughputMeter

_log = structlog.get_logger()

MAX_STAGE_RUN_S = 2.0
"""How long a thread stays with one stage while others may wait for it; then it queues again."""

Work = Callable[[list[Claim]], None]
"""Brings claims to their next stage or gives them back."""


class ExclusiveGate:
    """The threads of one process: many work at once, or one alone."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._working = 0
        self._exclusive = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Work together with others; waits while a thread works alone or waits to do so."""
        with self._change:
            self._change.wait_for(lambda: self._exclusive == 0)
            self._working += 1
        try:
            yield
        finally:
            with self._change:
                self._working -= 1
                self._change.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Inside `shared`: wait until the other threads are done and let no other begin."""
        with self._change:
            self._exclusive += 1
            self._working -= 1
            # Two threads that want to work alone do not wait for each other: neither is working.
            self._change.notify_all()
            self._change.wait_for(lambda: self._working == 0)
            self._working += 1
        try:
            yield
        finally:
            with self._change:
                self._exclusive -= 1
                self._change.notify_all()


@dataclass(frozen=True)
class WorkerContext:
    """What every worker process holds."""

    services: Services
    platforms: Platforms
    styles: Mapping[str, Style]
    screen: Screen
    leases: LeaseRenewer
    throughput: ThroughputMeter
    name: str = field(default_factory=unique_process_name)
    """Who holds its claims. Unique, so that a new process does not seem to hold a dead one's jobs."""
    stopping: threading.Event = field(default_factory=threading.Event)
    gate: ExclusiveGate = field(default_factory=ExclusiveGate)


@dataclass(frozen=True)
class RenderContext:
    """What a worker process that paints holds besides."""

    worker: WorkerContext
    engine: Engine
    signer: C2paSigner | None = None


def process_stage(context: WorkerContext, stage: Stage, most: int, work: Work) -> None:
    """Claim and work until the stage is empty, the thread's run is over or the process stops.

    What `work` does not bring on or give back, the sweep takes back when its lease expires.
    """
    ledger = context.services.ledger
    over_at = time.monotonic() + MAX_STAGE_RUN_S
    from_wakeup, more = True, True
    try:
        while more and not context.stopping.is_set():
            with context.gate.shared():
                claims = ledger.claim(stage, most, context.name, from_wakeup)
                from_wakeup, more = False, claims.more
                if not claims:
                    return
                _process(context, stage, claims, work)
            if time.monotonic() > over_at:
                ledger.wake(stage)
                return
    except RedisError as error:
        _log.warning("ledger_unavailable", error=str(error), action="wait for a wake-up")


def _process(context: WorkerContext, stage: Stage, claims: list[Claim], work: Work) -> None:
    # Also what libraries log meanwhile is found by the job's id.
    fields = {"job": " ".join(claim.job.id for claim in claims)}
    if traces := [claim.job.trace_id for claim in claims if claim.job.trace_id]:
        fields["trace_id"] = " ".join(traces)
    named = bound_contextvars(**fields)
    alone = context.gate.exclusive() if claims[0].suspect else nullcontext()
    traced = context.services.tracing.stage(claims)
    measured = context.throughput.working(stage, len(claims))
    with context.leases.renewing(claims), alone, measured, named, traced:
        try:
            work(claims)
        except LeaseLost as error:
            _log.info("lease_lost", stage=stage, job=str(error), action="drop the work")
        except (RedisError, EngineUnusable):
            raise
        except Exception:
            _log.exception("stage_failed", stage=stage, action="retry")
            most = context.services.settings.max_attempts
            with context.services.ledger.batch() as batch:
                for claim in claims:
                    batch.fail(claim, "unexpected", most, maybe_sent=True)
