"""The first stage: download the photos of a job, open and screen them, store their pixels."""

from __future__ import annotations

import math

import structlog

from pipeline.engine import Photo
from pipeline.errors import PhotoRefused
from pipeline.photo import open_photo
from pipeline.raw_pixels import pack
from pipeline.safety import SafetyUnavailable
from pipeline.sandbox import SandboxUnusable
from tasks import blobs
from tasks.engines import paint_key, photo_limits
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError
from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Job, Stage
from tasks.routing import model_for
from tasks.worker.loop import WorkerContext

RATIOS = ("1:2", "9:16", "2:3", "3:4", "4:5", "1:1", "5:4", "4:3", "3:2", "16:9", "2:1")
"""Common aspect ratios (width:height), narrowest first."""


def shape_of(width_px: int, height_px: int) -> str:
    """Return the common aspect ratio nearest to a picture's own; jobs are batched by it."""

    def distance(name: str) -> float:
        width, height = name.split(":")
        return abs(math.log(width_px / height_px) - math.log(int(width) / int(height)))

    return min(RATIOS, key=distance)


_log = structlog.get_logger()

LEFT_OUT = "photo-left-out"
"""The note for an album of which some photos could not be used."""


def fetch(context: WorkerContext, claims: list[Claim]) -> None:
    """Move jobs from `fetch` to `render`, or decline them. Raises `LeaseLost`."""
    for claim in claims:
        _fetch_one(context, claim)


def _fetch_one(context: WorkerContext, claim: Claim) -> None:
    job, services = claim.job, context.services
    ledger = services.ledger
    try:
        photos, scores, notes = _open_all(context, job)
        keys = [blobs.photo_key(claim, n) for n in range(len(photos))]
        for key, photo in zip(keys, photos, strict=True):
            services.blobs.put(key, pack(photo.pixels))
    except PhotoRefused as refusal:
        if refusal.reason == "unsafe-photo":
            services.users.strike(job.request.platform, job.request.person)
        refund = services.settings.refund_photo_faults
        ledger.transitions.decline(claim, refusal.reason, dict(refusal.facts), refund)
    except PhotoUnavailable as gone:
        ledger.transitions.decline(claim, gone.reason, {}, refund=True)
    except PlatformPaused as pause:
        services.controls.pause(Stage.FETCH, job.request.platform, pause.until)
        ledger.transitions.release(claim, pause.why)
    except (TransientError, SafetyUnavailable, SandboxUnusable) as error:
        _log.warning("photo_not_fetched", job=job.id, error=str(error), action="retry")
        ledger.transitions.retry_fault(claim, "fetch-failed")
    except OSError as error:
        _log.error("photo_not_stored", job=job.id, error=str(error), action="retry")
        ledger.transitions.retry_fault(claim, "storage-failed")
    else:
        style = context.styles.get(job.request.style)
        if style is None:
            ledger.transitions.decline(claim, "unknown-style", {}, refund=True)
            return
        height, width = photos[0].pixels.shape[:2]
        model = _model_for(context, job)
        key = paint_key(job.request, style, photos, model)
        shape = shape_of(width, height)
        try:
            ledger.transitions.fetched(claim, keys, shape, key, notes, scores, model)
        except LeaseLost:
            services.blobs.delete(keys)
            raise


def _model_for(context: WorkerContext, job: Job) -> str:
    services = context.services
    tier = None
    if services.settings.tier_models:
        tier = services.users.tier(job.request.platform, job.request.person)
    return model_for(services.settings, tier, job.id)


def _open_all(context: WorkerContext, job: Job) -> tuple[list[Photo], list[float], list[str]]:
    """Return the photos of a job that can be painted, their safety scores, and notes for the answer.

    Raises the first refusal if no photo can be used. A photo that fails a safety check declines the job.
    """
    platform = context.platforms[job.request.platform]
    photos: list[Photo] = []
    scores: list[float] = []
    notes: list[str] = []
    refusals: list[PhotoRefused] = []
    for ref in job.request.photos:
        try:
            photo = open_photo(platform.fetch(job, ref), photo_limits(context.services.settings))
        except PhotoRefused as refusal:
            refusals.append(refusal)
            continue
        scores.append(context.screen.photo(photo.pixels))
        photos.append(photo)
        notes += photo.notes
    if not photos:
        raise refusals[0] if refusals else PhotoRefused("no-photo")
    return photos, scores, [*notes, LEFT_OUT] if refusals else notes
