"""The second stage: paint a batch of like photos, screen the pictures, store them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pipeline.c2pa import SignerUnusable
from pipeline.encode import finish
from pipeline.engine import RGB, RenderJob
from pipeline.errors import EngineUnusable, PaintingCancelled, PaintingFailed, PhotoRefused
from pipeline.photo import digest_of
from pipeline.provenance import Maker
from pipeline.raw_pixels import unpack
from pipeline.safety import SafetyUnavailable
from pipeline.stylize import seed_of
from tasks import blobs
from tasks.blobs import BlobMissing
from tasks.engines import engine_id
from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Stage
from tasks.worker.context import RenderContext

_log = structlog.get_logger()

_PROGRESS_EVERY_S = 0.5

WORDS_UNUSED = "words-unused"
"""The note that goes with a painting by an engine that does not follow a person's own words."""


@dataclass(frozen=True, slots=True)
class _Item:
    """One photo of a claim, ready to be painted."""

    claim: Claim
    commission: RenderJob
    photo_score: float


def render(context: RenderContext, claims: list[Claim]) -> None:
    """Bring jobs from `render` to `deliver`. Raises `EngineUnusable` after giving all leases back."""
    orders = [order for claim in claims for order in _items(context, claim)]
    results: dict[str, list[RGB | PaintingFailed]] = {}
    for batch in _batches(context, orders):
        for order, result in zip(batch, _paint(context, batch, claims), strict=True):
            results.setdefault(order.claim.job.id, []).append(result)
    for claim in claims:
        mine = [order for order in orders if order.claim is claim]
        if mine and not context.worker.leases.lost(claim):
            _store(context, claim, mine, results[claim.job.id])


def _items(context: RenderContext, claim: Claim) -> list[_Item]:
    job, ledger = claim.job, context.worker.services.ledger
    style = context.worker.styles.get(job.request.style)
    try:
        photos = [unpack(context.worker.services.blobs.get(key)) for key in job.photos]
    except (BlobMissing, ValueError) as error:
        _log.info("photo gone or spoilt, fetching it again", job=job.id, error=str(error))
        ledger.transitions.rewind_to(claim, Stage.FETCH)
        return []
    except OSError as error:
        _log.error("blob store gives no photo, trying again", job=job.id, error=str(error))
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


def _batches(context: RenderContext, orders: Sequence[_Item]) -> list[list[_Item]]:
    """Group orders by what the engine can paint in one call, in calls of the size it can take."""
    groups: dict[tuple[str, bool], list[_Item]] = {}
    for order in orders:
        height, width = order.commission.pixels.shape[:2]
        key = (context.engine.bucket(width, height), order.commission.draft)
        groups.setdefault(key, []).append(order)
    batches = []
    for (bucket, _), group in groups.items():
        size = max(1, context.engine.capacity(bucket))
        batches += [group[i : i + size] for i in range(0, len(group), size)]
    return batches


def _paint(
    context: RenderContext, batch: Sequence[_Item], claims: Sequence[Claim]
) -> list[RGB | PaintingFailed]:
    told_at = 0.0

    def watch(fraction: float) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at < _PROGRESS_EVERY_S:
            return
        told_at = now
        if all(context.worker.leases.lost(order.claim) for order in batch):
            raise PaintingCancelled
        context.worker.services.ledger.progress([order.claim for order in batch], fraction)

    try:
        return context.engine.paint([order.commission for order in batch], watch)
    except PaintingCancelled:
        return [PaintingFailed("cancelled")] * len(batch)
    except EngineUnusable:
        with context.worker.services.ledger.batch() as releases:
            for claim in claims:
                releases.release(claim, "engine-unusable")
        raise
    except Exception:
        _log.exception("the engine failed, trying again", jobs=[o.claim.job.id for o in batch])
        return [PaintingFailed("engine-failed")] * len(batch)


def _store(
    context: RenderContext,
    claim: Claim,
    orders: Sequence[_Item],
    results: Sequence[RGB | PaintingFailed],
) -> None:
    services, job = context.worker.services, claim.job
    worded = bool(job.request.words) and context.engine.follows_words
    keys: list[str] = []
    try:
        for number, (order, result) in enumerate(zip(orders, results, strict=True)):
            if isinstance(result, PaintingFailed):
                raise result
            context.worker.screen.picture(result, order.photo_score, own_words=worded)
            key = blobs.picture_key(claim, number)
            services.blobs.put(key, finish(result, Maker.of(context.engine), context.signer))
            keys.append(key)
        unused = bool(job.request.words) and not worded
        services.ledger.transitions.painted(
            claim, keys, engine_id(context.engine), (WORDS_UNUSED,) if unused else ()
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
        _log.error("picture not signed, so not shown; trying again", job=job.id, error=str(error))
        services.ledger.transitions.retry_fault(claim, "seal-failed")
    except SafetyUnavailable as error:
        _log.error("picture not screened, so not shown; trying again", job=job.id, error=str(error))
        services.ledger.transitions.retry_fault(claim, "screen-failed")
    except OSError as error:
        _log.error("blob store refuses the picture, trying again", job=job.id, error=str(error))
        services.ledger.transitions.retry_fault(claim, "storage-failed")
    except LeaseLost:
        _log.info("lease lost, picture dropped", job=job.id)
        services.blobs.delete(keys)
