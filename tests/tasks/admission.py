"""Admits requests without a platform, and finds the ended job."""

from __future__ import annotations

from collections.abc import Callable

from tasks.models import Admitted, Job, PaintRequest
from tasks.services import Services
from tests.photos import PHOTOS


def send(services: Services, request: PaintRequest) -> str:
    """Store the photos of a request, admit it, return the job's id."""
    for photo in request.photos:
        services.blobs.put(photo.ref, PHOTOS["astronaut"].read_bytes())
    admitted = services.ledger.admit(request)
    assert isinstance(admitted, Admitted)
    return admitted.job_id


def ended(services: Services, job_id: str) -> Callable[[], Job | None]:
    """Return a function that returns the job once it has ended, None before."""

    def look() -> Job | None:
        job = services.ledger.job(job_id)
        return job if job.outcome is not None else None

    return look
