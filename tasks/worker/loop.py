"""The context of a worker process, and the loop that all three stages share.

How attempts are counted: when a worker dies, at most one of the jobs that it held caused the crash. If it
held a single job, the crash counts as an attempt of that job. If it held several, it counts for none of
them, and all become suspect: a worker processes a suspect job alone, after its other threads have finished,
so that a crash identifies the job that causes it. A fault that no photo causes (a platform that answers
5xx, a store or a check that is down) does not count as an attempt; it is retried for `fault_patience_s`. A
job that exceeds its attempts or this time is answered with an apology and added to the dead list.

The throughput that the loop measures is what the expected waits are computed from.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from pipeline.provenance import C2paSigner
from pipeline.safety import Screen
from pipeline.styles import Style
from tasks.controls import NO_WORK, Controls, StageReport, WorkDone
from tasks.heartbeat import unique_process_name
from tasks.ledger.ledger import LeaseLost
from tasks.models import WORKER_STAGES, Claim, Stage, WorkerKind
from tasks.platform import Platforms
from tasks.services import Services
from tasks.worker.leases import LeaseRenewer

_HALF_LIFE_S = 30.0
"""Half-life of a measurement: one that is a minute old counts a quarter."""

_REPORT_EVERY_S = 2.0


@dataclass
class _DecayingWork:
    """Work done in one stage; old work decays."""

    jobs: float = 0.0
    latency_s: float = 0.0
    unreported: WorkDone = NO_WORK


class ThroughputMeter:
    """Jobs per second of busy time, and seconds per job, of the stages of one process.

    The threads of a process share its stages, so a stage's rate counts the time that they spend on any
    stage: it is the rate that the process sustains when every stage has work.
    """

    def __init__(
        self, controls: Controls, stages: Sequence[Stage], worker: str, slots: int
    ) -> None:
        self._controls = controls
        self._worker = worker
        self._slots = slots
        self._lock = threading.Lock()
        self._work = {stage: _DecayingWork() for stage in stages}
        self._busy_s = 0.0
        self._decayed_at = time.monotonic()
        self._reported_at = 0.0

    @contextmanager
    def working(self, stage: Stage, jobs: int) -> Iterator[None]:
        """Time a block that works on `jobs` jobs; report every two seconds at most."""
        began = time.monotonic()
        yield
        if self.note(stage, jobs, time.monotonic() - began):
            self.report()

    def note(self, stage: Stage, jobs: int, busy_s: float) -> bool:
        """Count `jobs` done together in `busy_s` seconds; return whether a report is due."""
        with self._lock:
            now = time.monotonic()
            self._decay(now)
            work = self._work[stage]
            work.jobs += jobs
            self._busy_s += busy_s
            work.latency_s = work.latency_s * 0.8 + busy_s * 0.2 if work.latency_s > 0 else busy_s
            old = work.unreported
            work.unreported = WorkDone(old.jobs + jobs, old.calls + 1, old.busy_s + busy_s)
            due = now - self._reported_at >= _REPORT_EVERY_S
            if due:
                self._reported_at = now
            return due

    def report(self) -> None:
        """Report this worker's throughput to the ledger, also when idle."""
        reports = []
        with self._lock:
            for stage, work in self._work.items():
                if work.jobs == 0:
                    continue
                rate = self._slots * work.jobs / max(self._busy_s, 1e-6)
                reports.append(StageReport(stage, rate, work.latency_s, work.unreported))
                work.unreported = NO_WORK
        self._controls.report_all(self._worker, reports)

    def _decay(self, now: float) -> None:
        keep = 0.5 ** ((now - self._decayed_at) / _HALF_LIFE_S)
        self._decayed_at = now
        self._busy_s *= keep
        for work in self._work.values():
            work.jobs *= keep


_log = structlog.get_logger()

MAX_STAGE_RUN_S = 2.0
"""How long a thread processes one stage before it yields to the other stages."""

Work = Callable[[list[Claim]], None]
"""Moves claims to their next stage or releases them."""


class ExclusiveGate:
    """A lock for the threads of one process: many hold it shared, or one exclusively."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._working = 0
        self._exclusive = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Hold the gate shared; wait while a thread holds or waits for it exclusively."""
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
            # Two threads that wait for exclusive access do not block each other: neither counts as working.
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
    """The objects that every worker process needs."""

    services: Services
    platforms: Platforms
    styles: Mapping[str, Style]
    screen: Screen
    leases: LeaseRenewer
    throughput: ThroughputMeter
    name: str = field(default_factory=unique_process_name)
    """The holder of its claims. Unique, so that a new process does not appear to hold a dead one's jobs."""
    queues: Mapping[Stage, tuple[str, ...]] = field(default_factory=dict)
    """The queues of wake-ups per stage; a stage that is missing here has one queue with its name."""
    ready: threading.Event = field(default_factory=threading.Event)
    """It listens to wake-ups."""
    stopping: threading.Event = field(default_factory=threading.Event)
    standing_by: threading.Event = field(default_factory=threading.Event)
    """It takes no jobs, because a worker with a preferred engine does."""
    draining: threading.Event = field(default_factory=threading.Event)
    """It finishes its jobs and claims no new ones."""
    gate: ExclusiveGate = field(default_factory=ExclusiveGate)

    def queues_of(self, stage: Stage) -> tuple[str, ...]:
        """Return the queues of wake-ups for a stage, the most general first."""
        return self.queues.get(stage, (str(stage),))

    def queues_of_kind(self, kind: WorkerKind) -> tuple[str, ...]:
        """Return the queues of wake-ups for all stages of a kind of worker."""
        return tuple(queue for stage in WORKER_STAGES[kind] for queue in self.queues_of(stage))

    @property
    def takes_jobs(self) -> bool:
        """Whether it claims jobs: it is neither on standby nor drained."""
        return not (self.standing_by.is_set() or self.draining.is_set())


@dataclass(frozen=True)
class RenderContext:
    """The objects that only a painting worker needs."""

    worker: WorkerContext
    engine: Engine
    signer: C2paSigner | None = None


def process_stage(context: WorkerContext, stage: Stage, most: int, work: Work) -> None:
    """Claim and process jobs until the stage is empty, `MAX_STAGE_RUN_S` is over or the process stops.

    Jobs that `work` neither moves on nor releases are requeued by the sweep when their leases expire.
    """
    ledger = context.services.ledger
    over_at = time.monotonic() + MAX_STAGE_RUN_S
    from_wakeup, more = True, True
    try:
        while more and not context.stopping.is_set():
            if not context.takes_jobs:
                ledger.wake(context.queues_of(stage)[0])  # pass the wake-up to another worker
                return
            with context.gate.shared():
                claims = ledger.claim(stage, most, context.name, from_wakeup)
                from_wakeup, more = False, claims.more
                if not claims:
                    return
                _process(context, stage, claims, work)
            if time.monotonic() > over_at:
                ledger.wake(context.queues_of(stage)[-1])
                return
    except RedisError as error:
        _log.warning("ledger_unavailable", error=str(error), action="wait for a wake-up")


def _process(context: WorkerContext, stage: Stage, claims: list[Claim], work: Work) -> None:
    # Log lines of libraries get the job's id too.
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
