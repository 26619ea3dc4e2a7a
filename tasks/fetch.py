"""The first stage: download the photos of a job, open and screen them, store their pixels."""

from __future__ import annotations

import structlog

from pipeline.contract import Photo, PhotoRefused
from pipeline.lossless import pack
from pipeline.photo import open_photo
from pipeline.safety import SafetyUnavailable
from pipeline.sandbox import SandboxUnusable
from pipeline.shapes import shape_of
from tasks import shelf
from tasks.contract import Claim, Job, PhotoGone, PlatformPaused, Stage, TryAgain
from tasks.ledger import LeaseLost
from tasks.shift import Shift
from tasks.studio import paint_key, photo_limits

_log = structlog.get_logger()

LEFT_OUT = "photo-left-out"
"""The note that goes with an album of which some photos could not be used."""


def fetch(shift: Shift, claims: list[Claim]) -> None:
    """Bring jobs from `fetch` to `render`, or to one honest sentence. Raises `LeaseLost`."""
    for claim in claims:
        _fetch_one(shift, claim)


def _fetch_one(shift: Shift, claim: Claim) -> None:
    job, services = claim.job, shift.services
    ledger = services.ledger
    try:
        photos, scores, notes = _open_all(shift, job)
        keys = [shelf.photo_key(claim, n) for n in range(len(photos))]
        for key, photo in zip(keys, photos, strict=True):
            services.blobs.put(key, pack(photo.pixels))
    except PhotoRefused as refusal:
        if refusal.reason == "unsafe-photo":
            services.people.strike(job.ask.platform, job.ask.person)
        refund = services.settings.refund_photo_faults
        ledger.apologise(claim, refusal.reason, dict(refusal.facts), refund)
    except PhotoGone as gone:
        ledger.apologise(claim, gone.reason, {}, refund=True)
    except PlatformPaused as pause:
        services.switches.pause(Stage.FETCH, job.ask.platform, pause.until)
        ledger.release(claim, pause.why)
    except (TryAgain, SafetyUnavailable, SandboxUnusable) as error:
        _log.warning("photo not fetched, trying again", job=job.id, error=str(error))
        ledger.bear(claim, "fetch-failed")
    except OSError as error:
        _log.error("blob store refuses the photo, trying again", job=job.id, error=str(error))
        ledger.bear(claim, "storage-failed")
    else:
        style = shift.styles.get(job.ask.style)
        if style is None:
            ledger.apologise(claim, "unknown-style", {}, refund=True)
            return
        height, width = photos[0].pixels.shape[:2]
        key = paint_key(job.ask, style, photos)
        try:
            ledger.fetched(claim, keys, shape_of(width, height), key, notes, scores)
        except LeaseLost:
            services.blobs.delete(keys)
            raise


def _open_all(shift: Shift, job: Job) -> tuple[list[Photo], list[float], list[str]]:
    """Return the photos of a job that can be painted, their scores, and notes for the answer.

    Raises the first refusal when none is left; a photo that must not be painted spoils the whole ask.
    """
    platform = shift.platforms[job.ask.platform]
    photos: list[Photo] = []
    scores: list[float] = []
    notes: list[str] = []
    refusals: list[PhotoRefused] = []
    for ref in job.ask.photos:
        if ref.owner is not None and shift.services.people.opted_out(job.ask.platform, ref.owner):
            raise PhotoRefused("owner-opted-out")
        try:
            photo = open_photo(platform.fetch(job, ref), photo_limits(shift.services.settings))
        except PhotoRefused as refusal:
            refusals.append(refusal)
            continue
        scores.append(shift.screen.photo(photo.pixels))
        photos.append(photo)
        notes += photo.notes
    if not photos:
        raise refusals[0] if refusals else PhotoRefused("no-photo")
    return photos, scores, [*notes, LEFT_OUT] if refusals else notes
