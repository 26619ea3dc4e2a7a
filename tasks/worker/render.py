"""The second stage: paint a batch of photos of one shape, screen the pictures, store them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pipeline.encode import finish
from pipeline.engine import RGB, RenderJob
from pipeline.errors import EngineUnusable, PaintingCancelled, PaintingFailed, PhotoRefused
from pipeline.photo import digest_of
from pipeline.provenance import Maker, SignerUnusable
from pipeline.raw_pixels import unpack
from pipeline.safety import SafetyUnavailable
from pipeline.stylize import seed_of
from tasks import blobs
from tasks.blobs import BlobMissing
from tasks.engines import engine_id
from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Stage
from tasks.worker.loop import RenderContext

_log = structlog.get_logger()

_PROGRESS_EVERY_S = 0.5

WORDS_UNUSED = "words-unused"
"""The note for a painting whose engine does not use a person's own words."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One photo of a claim, ready to be painted."""

    claim: Claim
    render_job: RenderJob
    photo_score: float


def render(context: RenderContext, claims: list[Claim]) -> None:
    """Move jobs from `render` to `deliver`. Raises `EngineUnusable` after releasing all claims."""
    items = [item for claim in claims for item in _items(context, claim)]
    results: dict[str, list[RGB | PaintingFailed]] = {}
    for batch in _batches(context, items):
        for item, result in zip(batch, _paint(context, batch, claims), strict=True):
            results.setdefault(item.claim.job.id, []).append(result)
    for claim in claims:
        mine = [item for item in items if item.claim is claim]
        if mine and not context.worker.leases.lost(claim):
            _store(context, claim, mine, results[claim.job.id])


def _items(context: RenderContext, claim: Claim) -> list[_Item]:
    job, ledger = claim.job, context.worker.services.ledger
    style = context.worker.styles.get(job.request.style)
    try:
        photos = [unpack(context.worker.services.blobs.get(key)) for key in job.photos]
    except (BlobMissing, ValueError) as error:
        _log.info("photo_missing", job=job.id, error=str(error), action="fetch it again")
        ledger.transitions.rewind_to(claim, Stage.FETCH)
        return []
    except OSError as error:
        _log.error("photo_not_read", job=job.id, error=str(error), action="retry")
        ledger.transitions.retry_fault(claim, "storage-failed")
        return []
    if style is None:
        ledger.transitions.decline(claim, "unknown-style", {}, refund=True)
        return []
    scores = job.photo_scores or (0.0,) * len(photos)
    return [
        _Item(
            claim,
            RenderJob(
                pixels,
                style,
                job.request.strength,
                seed_of(digest_of(pixels)) if job.request.seed is None else job.request.seed,
                job.draft,
                job.request.words,
            ),
            score,
        )
        for pixels, score in zip(photos, scores, strict=True)
    ]


def _batches(context: RenderContext, items: Sequence[_Item]) -> list[list[_Item]]:
    """Group items into batches that the engine can paint in one call."""
    groups: dict[tuple[str, bool], list[_Item]] = {}
    for item in items:
        height, width = item.render_job.pixels.shape[:2]
        key = (context.engine.bucket(width, height), item.render_job.draft)
        groups.setdefault(key, []).append(item)
    batches = []
    for (bucket, _), group in groups.items():
        size = max(1, context.engine.capacity(bucket))
        batches += [group[i : i + size] for i in range(0, len(group), size)]
    return batches


def _paint(
    context: RenderContext, batch: Sequence[_Item], claims: Sequence[Claim]
) -> list[RGB | PaintingFailed]:
    reported_at = time.monotonic()  # a short painting ends before anybody could see its progress

    def on_progress(fraction: float) -> None:
        nonlocal reported_at
        now = time.monotonic()
        if now - reported_at < _PROGRESS_EVERY_S:
            return
        reported_at = now
        if all(context.worker.leases.lost(item.claim) for item in batch):
            raise PaintingCancelled
        context.worker.services.ledger.progress([item.claim for item in batch], fraction)

    try:
        return context.engine.paint([item.render_job for item in batch], on_progress)
    except PaintingCancelled:
        return [PaintingFailed("cancelled")] * len(batch)
    except EngineUnusable:
        with context.worker.services.ledger.batch() as releases:
            for claim in claims:
                releases.release(claim, "engine-unusable")
        raise
    except Exception:
        _log.exception("engine_failed", action="retry", jobs=[item.claim.job.id for item in batch])
        return [PaintingFailed("engine-failed")] * len(batch)


def _store(
    context: RenderContext,
    claim: Claim,
    items: Sequence[_Item],
    results: Sequence[RGB | PaintingFailed],
) -> None:
    services, job = context.worker.services, claim.job
    worded = bool(job.request.words) and context.engine.follows_words
    keys: list[str] = []
    try:
        for number, (item, result) in enumerate(zip(items, results, strict=True)):
            if isinstance(result, PaintingFailed):
                raise result
            context.worker.screen.picture(result, item.photo_score, own_words=worded)
            key = blobs.picture_key(claim, number)
            services.blobs.put(key, finish(result, Maker.of(context.engine), context.signer))
            keys.append(key)
        unused = bool(job.request.words) and not worded
        services.ledger.transitions.painted(
            claim,
            keys,
            engine_id(context.engine),
            (WORDS_UNUSED,) if unused else (),
            context.engine.model_name,
        )
    except PaintingFailed as failure:
        services.ledger.transitions.fail(claim, failure.reason, services.settings.max_attempts)
    except PhotoRefused as refusal:
        if worded:
            services.users.strike(job.request.platform, job.request.person)
        services.ledger.transitions.decline(
            claim, refusal.reason, dict(refusal.facts), refund=False
        )
    except SignerUnusable as error:
        _log.error("picture_not_signed", job=job.id, error=str(error), action="retry")
        services.ledger.transitions.retry_fault(claim, "seal-failed")
    except SafetyUnavailable as error:
        _log.error("picture_not_screened", job=job.id, error=str(error), action="retry")
        services.ledger.transitions.retry_fault(claim, "screen-failed")
    except OSError as error:
        _log.error("picture_not_stored", job=job.id, error=str(error), action="retry")
        services.ledger.transitions.retry_fault(claim, "storage-failed")
    except LeaseLost:
        _log.info("lease_lost", job=job.id, action="drop the picture")
        services.blobs.delete(keys)
