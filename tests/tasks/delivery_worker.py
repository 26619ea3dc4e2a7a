"""A worker for the stage `deliver` that a test calls, and jobs that are already painted."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import NamedTuple

from PIL import Image

from tasks.models import Admitted, Claim, Job, Outcome, PaintRequest, PhotoRef, Stage
from tasks.platform import Platform
from tasks.services import Services
from tasks.worker.deliver import deliver
from tasks.worker.leases import LeaseRenewer
from tasks.worker.loop import ThroughputMeter, WorkerContext
from tests.stack import eventually


def picture(side_px: int = 32) -> bytes:
    """Return a small JPEG file."""
    file = io.BytesIO()
    Image.new("RGB", (side_px, side_px), (90, 140, 200)).save(file, "JPEG")
    return file.getvalue()


class Answered(NamedTuple):
    """A mention and the bot's reply with the painting."""

    mention: str
    painting: str


class DeliveryWorker:
    """Moves jobs to `deliver` and delivers them, one claim at a time."""

    def __init__(self, services: Services, platforms: Mapping[str, Platform]) -> None:
        self._services = services
        self.context = WorkerContext(
            services=services,
            platforms=platforms,  # type: ignore[arg-type] # only looked up by name
            styles={},
            screen=None,  # type: ignore[arg-type] # nothing is fetched here
            leases=LeaseRenewer(services.ledger, 2),
            throughput=ThroughputMeter(services.controls, [Stage.DELIVER], "worker", 1),
        )

    def painted(self, mention: str, pictures: int = 1, **fields: object) -> str:
        """Move a request to `deliver` with finished pictures; return the job's id."""
        return self.paint(self._admitted(mention, **fields), pictures)

    def paint(self, job_id: str, pictures: int = 1) -> str:
        """Bring the next job, which is this one, to `deliver` with finished pictures; return its id."""
        ledger, blobs = self._services.ledger, self._services.blobs
        ledger.transitions.fetched(self._claim(Stage.FETCH), ["photo"], "32x32")
        keys = [f"pictures/{job_id}/{n}" for n in range(pictures)]
        for key in keys:
            blobs.put(key, picture())
        ledger.transitions.painted(self._claim(Stage.RENDER), keys)
        return job_id

    def apologised(self, mention: str, reason: str = "too-small", **fields: object) -> str:
        """Move a request to `deliver` with an apology; return the job's id."""
        job_id = self._admitted(mention, **fields)
        self._services.ledger.transitions.decline(
            self._claim(Stage.FETCH), reason, {"limit_px": 64}, refund=True
        )
        return job_id

    def deliver(self, job_id: str) -> Job:
        """Deliver the next job; return the job `job_id` afterwards."""
        deliver(self.context, [self._claim(Stage.DELIVER)])
        return self._services.ledger.job(job_id)

    def deliver_next(self) -> Job:
        """Deliver the next job that is due, once; return the job afterwards."""
        claim = self._claim(Stage.DELIVER)
        deliver(self.context, [claim])
        return self._services.ledger.job(claim.job.id)

    def finish_open(self) -> int:
        """Take all admitted jobs to their answers; return how many are answered now.

        Ends at the first pause of the platform, or where nothing is left to do.
        """
        ledger, answered = self._services.ledger, 0
        for claim in self._claims(Stage.FETCH):
            ledger.transitions.fetched(claim, ["photo"], "32x32")
        for claim in self._claims(Stage.RENDER):
            key = f"pictures/{claim.job.id}/0"
            self._services.blobs.put(key, picture())
            ledger.transitions.painted(claim, [key])
        while not self._services.controls.paused():
            claims = ledger.claim(Stage.DELIVER, 1, "worker")
            if not claims:
                break
            deliver(self.context, claims)
            answered += ledger.job(claims[0].job.id).outcome is Outcome.ANSWERED
        return answered

    def _claims(self, stage: Stage) -> list[Claim]:
        return self._services.ledger.claim(stage, 1000, "worker")

    def _admitted(self, mention: str, **fields: object) -> str:
        defaults: dict[str, object] = {
            "platform": "x",
            "event": mention,
            "person": "1001",
            "conversation": mention,
            "photos": (PhotoRef("https://pbs.twimg.com/media/a.jpg"),),
            "address": {"post": mention},
        }
        admitted = self._services.ledger.admit(PaintRequest(**(defaults | fields)))  # type: ignore[arg-type] # tests name the fields
        assert isinstance(admitted, Admitted)
        return admitted.job_id

    def _claim(self, stage: Stage) -> Claim:
        def look() -> Claim | None:
            self._services.ledger.sweep()
            claims = self._services.ledger.claim(stage, 1, "worker")
            return claims[0] if claims else None

        return eventually(look, what=f"a job in {stage}")
