"""Who works beside whom in one process, so that nobody pays for a neighbour's photo.

The rule of attempts. A worker that dies leaves behind all that it had in hand, and at most one of those
jobs killed it. So a death costs a job an attempt only when that job was alone in the hands of the worker.
Where there were several, none pays, and all are suspect: each is claimed next by a worker that sends its
other threads to rest first, and if it was the culprit, it dies alone. What a photo does not cause (a
platform that answers 5xx or cuts the line, a store or a check that is down) costs no attempt either: it is
borne for `fault_patience_s`. A job whose attempts or patience are used up ends in an apology and on the
dead list.

What a worker process has while it works, and the one loop that all three stages share.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

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


class ExclusiveGate:
    """The threads of one process: many work at once, or one alone."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._at_work = 0
        self._wish_to_be_alone = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """Work together with others; waits while somebody is, or wishes to be, alone."""
        with self._change:
            self._change.wait_for(lambda: self._wish_to_be_alone == 0)
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Inside `beside_others`: wait until the others are done and let no other begin."""
        with self._change:
            self._wish_to_be_alone += 1
            self._at_work -= 1
            # Two who wish to be alone do not wait for each other: neither is at work.
            self._change.notify_all()
            self._change.wait_for(lambda: self._at_work == 0)
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._wish_to_be_alone -= 1
                self._change.notify_all()


_log = structlog.get_logger()

MAX_STAGE_RUN_S = 2.0
"""How long a thread stays with one stage while others may wait for it: then it queues up again."""


@dataclass(frozen=True)
class WorkerContext:
    """A worker process at work."""

    services: Services
    platforms: Platforms
    styles: Mapping[str, Style]
    screen: Screen
    keeper: LeaseRenewer
    pace: ThroughputMeter
    name: str = field(default_factory=unique_process_name)
    """Whose hands the jobs are in. One who comes after a death must not seem to hold what the dead held."""
    stopping: threading.Event = field(default_factory=threading.Event)
    company: ExclusiveGate = field(default_factory=ExclusiveGate)


@dataclass(frozen=True)
class RenderContext(WorkerContext):
    """A worker process that paints."""

    engine: Engine = field(kw_only=True)
    seal: C2paSigner | None = field(kw_only=True, default=None)


S = TypeVar("S", bound=WorkerContext)


def process_stage(
    shift: S, stage: Stage, most: int, work: Callable[[S, list[Claim]], None]
) -> None:
    """Claim and work until nothing is left of the stage, the turn is over or the process stops.

    `work` brings claims to their next stage or gives them back; what it cannot, the sweep does when
    the lease expires.
    """
    ledger = shift.services.ledger
    over_at = time.monotonic() + MAX_STAGE_RUN_S
    heard = True
    try:
        while not shift.stopping.is_set():
            with shift.company.shared():
                claims = ledger.claim(stage, most, shift.name, heard)
                heard = False
                if not claims:
                    return
                _hold(shift, stage, claims, work)
            if time.monotonic() > over_at:
                ledger.wake(stage)
                return
    except RedisError as error:
        _log.warning("the ledger does not answer, a later wake-up tries again", error=str(error))


def _hold(
    shift: S, stage: Stage, claims: list[Claim], work: Callable[[S, list[Claim]], None]
) -> None:
    # Also what libraries log meanwhile is then found by the job's id.
    named = bound_contextvars(job=" ".join(claim.job.id for claim in claims))
    quiet = shift.company.exclusive() if claims[0].suspect else nullcontext()
    drawn = shift.services.traces.working(claims)
    paced = shift.pace.working(stage, len(claims))
    with shift.keeper.holding(claims), quiet, paced, named, drawn:
        _work(shift, stage, claims, work)


def _work(
    shift: S, stage: Stage, claims: list[Claim], work: Callable[[S, list[Claim]], None]
) -> None:
    jobs = [claim.job.id for claim in claims]
    try:
        work(shift, claims)
    except LeaseLost as error:
        _log.info("lease lost, work dropped", stage=stage, job=str(error))
    except (RedisError, EngineUnusable):
        raise
    except Exception:
        _log.exception("unexpected, trying again", stage=stage, jobs=jobs)
        most = shift.services.settings.max_attempts
        with shift.services.ledger.batch() as steps:
            for claim in claims:
                steps.fail(claim, "unexpected", most, maybe_sent=True)
