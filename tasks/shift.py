"""What a worker process has while it works, and the one loop that all three stages share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import bound_contextvars

from pipeline.contract import Engine, EngineUnusable
from pipeline.safety import Screen
from pipeline.seal import Seal
from pipeline.styles import Style
from tasks.company import Company
from tasks.contract import Claim, Stage
from tasks.leases import Keeper
from tasks.ledger import LeaseLost
from tasks.pace import Pace
from tasks.platforms import Platforms
from tasks.presence import incarnation
from tasks.services import Services

_log = structlog.get_logger()

TURN_S = 2.0
"""How long a thread stays with one stage while others may wait for it: then it queues up again."""


@dataclass(frozen=True)
class Shift:
    """A worker process at work."""

    services: Services
    platforms: Platforms
    styles: Mapping[str, Style]
    screen: Screen
    keeper: Keeper
    pace: Pace
    name: str = field(default_factory=incarnation)
    """Whose hands the jobs are in. One who comes after a death must not seem to hold what the dead held."""
    stopping: threading.Event = field(default_factory=threading.Event)
    company: Company = field(default_factory=Company)


@dataclass(frozen=True)
class RenderShift(Shift):
    """A worker process that paints."""

    engine: Engine = field(kw_only=True)
    seal: Seal | None = field(kw_only=True, default=None)


S = TypeVar("S", bound=Shift)


def drain(shift: S, stage: Stage, most: int, work: Callable[[S, list[Claim]], None]) -> None:
    """Claim and work until nothing is left of the stage, the turn is over or the process stops.

    `work` brings claims to their next stage or gives them back; what it cannot, the sweep does when
    the lease expires.
    """
    ledger = shift.services.ledger
    over_at = time.monotonic() + TURN_S
    heard = True
    try:
        while not shift.stopping.is_set():
            with shift.company.beside_others():
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
    quiet = shift.company.alone() if claims[0].suspect else nullcontext()
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
        with shift.services.ledger.together() as steps:
            for claim in claims:
                steps.fail(claim, "unexpected", most, maybe_sent=True)
