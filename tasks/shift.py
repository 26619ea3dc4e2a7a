"""What a worker process has while it works, and the one loop that all three stages share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from redis.exceptions import RedisError

from pipeline.contract import Engine
from pipeline.safety import Screen
from pipeline.seal import Seal
from pipeline.styles import Style
from tasks.contract import Claim, Stage
from tasks.leases import Keeper
from tasks.ledger import LeaseLost
from tasks.pace import Pace
from tasks.platforms import Platforms
from tasks.presence import process_name
from tasks.services import Services

_log = structlog.get_logger()


@dataclass(frozen=True)
class Shift:
    """A worker process at work."""

    services: Services
    platforms: Platforms
    styles: Mapping[str, Style]
    screen: Screen
    keeper: Keeper
    paces: Mapping[Stage, Pace]
    name: str = field(default_factory=process_name)
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class RenderShift(Shift):
    """A worker process that paints; one thread owns its engine."""

    engine: Engine = field(kw_only=True)
    seal: Seal | None = field(kw_only=True, default=None)


S = TypeVar("S", bound=Shift)


def drain(shift: S, stage: Stage, most: int, work: Callable[[S, list[Claim]], None]) -> None:
    """Claim and work until nothing is left of the stage or the process is asked to stop.

    `work` brings claims to their next stage or gives them back; what it cannot, the sweep does when
    the lease expires.
    """
    while not shift.stopping.is_set():
        try:
            claims = shift.services.ledger.claim(stage, most, shift.name)
        except RedisError as error:
            _log.warning(
                "the ledger does not answer, a later wake-up tries again", error=str(error)
            )
            return
        if not claims:
            return
        with shift.keeper.holding(claims), shift.paces[stage].working(len(claims)):
            _work(shift, stage, claims, work)


def _work(
    shift: S, stage: Stage, claims: list[Claim], work: Callable[[S, list[Claim]], None]
) -> None:
    jobs = [claim.job.id for claim in claims]
    try:
        work(shift, claims)
    except LeaseLost as error:
        _log.info("lease lost, work dropped", stage=stage, job=str(error))
    except RedisError as error:
        _log.warning(
            "the ledger does not answer, the job will be taken up again when its lease expires",
            stage=stage,
            jobs=jobs,
            error=str(error),
        )
