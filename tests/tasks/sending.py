"""A photo that is sent past every platform, and the wait for what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

from tasks.models import Admitted, Job, PaintRequest
from tasks.services import Services
from tests.photos import PHOTOS


def send(services: Services, ask: PaintRequest) -> str:
    """Store the photos of an ask, have it admitted, return the job's id."""
    for photo in ask.photos:
        services.blobs.put(photo.ref, PHOTOS["astronaut"].read_bytes())
    admitted = services.ledger.admit(ask)
    assert isinstance(admitted, Admitted)
    return admitted.job_id


def ended(services: Services, job_id: str) -> Callable[[], Job | None]:
    """Return a look at a job that finds it once it has ended."""

    def look() -> Job | None:
        job = services.ledger.job(job_id)
        return job if job.outcome is not None else None

    return look
