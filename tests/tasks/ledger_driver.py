"""Moves jobs through the ledger step by step, so that a test can stop at any state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tasks.models import Admitted, Claim, Job, Outcome, PaintRequest, Refused, Stage
from tasks.services import Services

MakeRequest = Callable[..., PaintRequest]


class LedgerDriver:
    """The people and the workers of one ledger."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.ledger = services.ledger

    def admit(self, request: PaintRequest) -> str:
        """Send a request that is admitted; return the job's id."""
        answer = self.ledger.admit(request)
        assert isinstance(answer, Admitted), answer
        return answer.job_id

    def refuse(self, request: PaintRequest) -> Refused:
        """Send a request that is refused."""
        answer = self.ledger.admit(request)
        assert isinstance(answer, Refused), answer
        return answer

    def job(self, job_id: str) -> Job:
        return self.ledger.job(job_id)

    def events(self, job_id: str) -> list[str]:
        return [entry.event for entry in self.job(job_id).history]

    def claim(self, stage: Stage, most: int = 1, worker: str = "worker") -> list[Claim]:
        return self.ledger.claim(stage, most, worker)

    def take(self, stage: Stage, worker: str = "worker") -> Claim:
        """Claim exactly one job of a stage."""
        (claim,) = self.claim(stage, worker=worker)
        return claim

    def fetch(self, paint_key: str = "", shape: str = "square") -> Claim:
        """Complete `fetch` of the next job, with one photo in the store."""
        claim = self.take(Stage.FETCH)
        key = f"photos/{claim.job.id}.png"
        self.services.blobs.put(key, b"photo")
        self.ledger.transitions.fetched(claim, [key], shape, paint_key)
        return claim

    def paint(self) -> Claim:
        """Complete `render` of the next job, with one picture in the store."""
        claim = self.take(Stage.RENDER)
        key = f"pictures/{claim.job.id}.jpg"
        self.services.blobs.put(key, b"picture")
        self.ledger.transitions.painted(claim, [key])
        return claim

    def deliver(self) -> Claim:
        """Complete `deliver` of the next job."""
        claim = self.take(Stage.DELIVER)
        self.ledger.record_send_intent(claim)
        outcome = Outcome.ANSWERED if claim.job.pictures else Outcome.APOLOGISED
        self.ledger.transitions.finish(claim, outcome, claim.job.reason, f"receipt-{claim.job.id}")
        return claim

    def whole(self) -> Claim:
        """Complete all stages of the next job."""
        self.fetch()
        self.paint()
        return self.deliver()

    def expire(self, *claims: Claim) -> None:
        """Expire leases, as if their worker had died, and sweep."""
        for claim in claims:
            key = f"{self.services.settings.namespace}:leases:{claim.stage}"
            self.services.redis.zadd(key, {claim.job.id: 1}, xx=True)
        self.ledger.sweep()

    def skip_pauses(self) -> None:
        """Make every delayed job due, and sweep."""
        key = f"{self.services.settings.namespace}:delayed"
        delayed: Any = self.services.redis.zrange(key, 0, -1)
        for job_id in delayed:
            self.services.redis.zadd(key, {job_id: 1}, xx=True)
        self.ledger.sweep()


MakeDriver = Callable[..., LedgerDriver]
