"""A worker of all stages for jobs of the chat page, called step by step by a test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bots.web.plugin import WebPlatform
from tasks.models import Apology, Claim, Outcome, Painting, Stage
from tasks.services import Services

PICTURE = b"\xff\xd8\xff\xe0 a painting"


@dataclass
class WebWorker:
    """Completes stages through the ledger, without engine and Celery."""

    services: Services
    claims: list[Claim] = field(default_factory=list)

    def fetch(self) -> bytes:
        """Complete `fetch` of the next job; return its first photo as it was uploaded."""
        claim = self._claim(Stage.FETCH)
        platform = WebPlatform(self.services)
        photos = [platform.fetch(claim.job, photo) for photo in claim.job.request.photos]
        keys = [f"photos/{claim.job.id}/{n}.png" for n in range(len(photos))]
        self.services.ledger.transitions.fetched(claim, keys, "1024x1024")
        return photos[0]

    def refuse(self, reason: str, **facts: str | int) -> None:
        """Decline the next job because of its photo."""
        claim = self._claim(Stage.FETCH)
        self.services.ledger.transitions.decline(claim, reason, facts, refund=False)

    def begin_painting(self, progress: float = 0.0) -> None:
        """Claim the next job of `render` and report progress."""
        claim = self._claim(Stage.RENDER)
        self.claims.append(claim)
        self.services.ledger.progress([claim], progress)

    def end_painting(self, *pictures: bytes) -> None:
        """Complete `render` of the claimed jobs."""
        for claim in self.claims:
            keys = [f"pictures/{claim.job.id}/{n}.jpg" for n in range(len(claim.job.photos))]
            for number, key in enumerate(keys):
                self.services.blobs.put(key, [*pictures, PICTURE][min(number, len(pictures) - 1)])
            self.services.ledger.transitions.painted(claim, keys)
        self.claims.clear()

    def deliver(self) -> None:
        """Complete `deliver` of the next job."""
        claim = self._claim(Stage.DELIVER)
        job = claim.job
        answer = (
            Painting(tuple(map(self.services.blobs.get, job.pictures)))
            if job.pictures
            else Apology(job.reason, job.facts, job.refunded)
        )
        self.services.ledger.record_send_intent(claim)
        receipt = WebPlatform(self.services).answer(job, answer)
        outcome = Outcome.ANSWERED if job.pictures else Outcome.APOLOGISED
        self.services.ledger.transitions.finish(claim, outcome, job.reason, receipt)

    def paint(self, picture: bytes = PICTURE) -> None:
        """Complete all stages of the next job."""
        self.fetch()
        self.begin_painting()
        self.end_painting(picture)
        self.deliver()

    def uploads(self) -> Sequence[str]:
        """Return the keys of the uploads in the blob store."""
        return [key for key, *_ in self.services.blobs.listing("uploads")]

    def _claim(self, stage: Stage) -> Claim:
        (claim,) = self.services.ledger.claim(stage, 1, "worker")
        return claim
