"""What a worker process has while it works, and the one loop that all three stages share."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from redis.exceptions import RedisError

from tasks.contract import Claim, Stage
from tasks.leases import Keeper
from tasks.ledger import LeaseLost
from tasks.pace import Pace
from tasks.platforms import Platforms
from tasks.services import Services

_log = structlog.get_logger()

Work = Callable[["Shift", list[Claim]], None]
"""Brings claims of one stage to their next stage, or gives them back; raises nothing but `LeaseLost`."""


def worker_name() -> str:
    """Name this process, readable in a job's story."""
    return f"{socket.gethostname()}:{os.getpid()}"


@dataclass(frozen=True)
class Shift:
    """A worker process at work."""

    services: Services
    platforms: Platforms
    keeper: Keeper
    paces: dict[Stage, Pace]
    name: str = field(default_factory=worker_name)
    stopping: threading.Event = field(default_factory=threading.Event)

    def drain(self, stage: Stage, most: int, work: Work) -> None:
        """Claim and work until nothing is left of the stage or the process is asked to stop."""
        while not self.stopping.is_set():
            try:
                claims = self.services.ledger.claim(stage, most, self.name)
            except RedisError as error:
                _log.warning(
                    "the ledger does not answer, the next wake-up tries again", error=str(error)
                )
                return
            if not claims:
                return
            with self.keeper.holding(claims), self.paces[stage].working(len(claims)):
                self._work(stage, claims, work)

    def _work(self, stage: Stage, claims: list[Claim], work: Work) -> None:
        jobs = [claim.job.id for claim in claims]
        try:
            work(self, claims)
        except LeaseLost as error:
            _log.info("lease lost, work dropped", stage=stage, job=str(error))
        except RedisError as error:
            _log.warning(
                "the ledger does not answer, the lease will expire and the job be taken up again",
                stage=stage,
                jobs=jobs,
                error=str(error),
            )
