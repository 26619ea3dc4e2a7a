"""Plays the people and the workers by hand, so that a test can stop a job anywhere on its way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tasks.models import Admitted, Claim, Job, Outcome, PaintRequest, Refused, Stage
from tasks.services import Services

MakeAsk = Callable[..., PaintRequest]


class Hands:
    """One pair of hands on a ledger."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.ledger = services.ledger

    def admit(self, ask: PaintRequest) -> str:
        """Ask, expect to be taken in, return the job's id."""
        answer = self.ledger.admit(ask)
        assert isinstance(answer, Admitted), answer
        return answer.job_id

    def refuse(self, ask: PaintRequest) -> Refused:
        """Ask and expect a refusal."""
        answer = self.ledger.admit(ask)
        assert isinstance(answer, Refused), answer
        return answer

    def job(self, job_id: str) -> Job:
        return self.ledger.job(job_id)

    def events(self, job_id: str) -> list[str]:
        return [chapter.event for chapter in self.job(job_id).history]

    def claim(self, stage: Stage, most: int = 1, worker: str = "hands") -> list[Claim]:
        return self.ledger.claim(stage, most, worker)

    def take(self, stage: Stage, worker: str = "hands") -> Claim:
        """Claim exactly one job of a stage."""
        (claim,) = self.claim(stage, worker=worker)
        return claim

    def fetch(self, paint_key: str = "", shape: str = "square") -> Claim:
        """Fetch the next job; its one photo lies in the store."""
        claim = self.take(Stage.FETCH)
        key = f"photos/{claim.job.id}.png"
        self.services.blobs.put(key, b"photo")
        self.ledger.transitions.fetched(claim, [key], shape, paint_key)
        return claim

    def paint(self) -> Claim:
        """Paint the next job; its picture lies in the store."""
        claim = self.take(Stage.RENDER)
        key = f"pictures/{claim.job.id}.jpg"
        self.services.blobs.put(key, b"picture")
        self.ledger.transitions.painted(claim, [key])
        return claim

    def deliver(self) -> Claim:
        """Answer the next job."""
        claim = self.take(Stage.DELIVER)
        self.ledger.record_send_intent(claim)
        outcome = Outcome.ANSWERED if claim.job.pictures else Outcome.APOLOGISED
        self.ledger.transitions.finish(claim, outcome, claim.job.reason, f"receipt-{claim.job.id}")
        return claim

    def whole(self) -> Claim:
        """Bring the next job through all stages."""
        self.fetch()
        self.paint()
        return self.deliver()

    def expire(self, *claims: Claim) -> None:
        """Let the leases of claims run out, as if their holder had died, and sweep."""
        for claim in claims:
            key = f"{self.services.settings.namespace}:leases:{claim.stage}"
            self.services.redis.zadd(key, {claim.job.id: 1}, xx=True)
        self.ledger.sweep()

    def skip_pauses(self) -> None:
        """Make every job between two tries due, and sweep."""
        key = f"{self.services.settings.namespace}:delayed"
        delayed: Any = self.services.redis.zrange(key, 0, -1)
        for job_id in delayed:
            self.services.redis.zadd(key, {job_id: 1}, xx=True)
        self.ledger.sweep()


MakeHands = Callable[..., Hands]
