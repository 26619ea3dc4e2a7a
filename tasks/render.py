"""The second stage: paint a batch of like photos, screen the pictures, store them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from pipeline.contract import (
    RGB,
    Commission,
    EngineUnusable,
    PaintingCancelled,
    PaintingFailed,
    PhotoRefused,
)
from pipeline.finish import finish
from pipeline.lossless import unpack
from pipeline.photo import digest_of
from pipeline.provenance import Maker
from pipeline.safety import SafetyUnavailable
from pipeline.seal import SealUnusable
from pipeline.stylize import seed_of
from tasks import shelf
from tasks.blobs import BlobMissing
from tasks.contract import Claim, Stage
from tasks.ledger import LeaseLost
from tasks.shift import RenderShift
from tasks.studio import engine_id

_log = structlog.get_logger()

_PROGRESS_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class _Order:
    """One photo of a claim, ready to be painted."""

    claim: Claim
    commission: Commission
    photo_score: float


def render(shift: RenderShift, claims: list[Claim]) -> None:
    """Bring jobs from `render` to `deliver`. Raises `EngineUnusable` after giving all leases back."""
    orders = [order for claim in claims for order in _orders(shift, claim)]
    results: dict[str, list[RGB | PaintingFailed]] = {}
    for batch in _batches(shift, orders):
        for order, result in zip(batch, _paint(shift, batch, claims), strict=True):
            results.setdefault(order.claim.job.id, []).append(result)
    for claim in claims:
        mine = [order for order in orders if order.claim is claim]
        if mine and not shift.keeper.lost(claim):
            _store(shift, claim, mine, results[claim.job.id])


def _orders(shift: RenderShift, claim: Claim) -> list[_Order]:
    job, ledger = claim.job, shift.services.ledger
    style = shift.styles.get(job.ask.style)
    try:
        photos = [unpack(shift.services.blobs.get(key)) for key in job.photos]
    except (BlobMissing, ValueError) as error:
        _log.info("photo gone or spoilt, fetching it again", job=job.id, error=str(error))
        ledger.step_back(claim, Stage.FETCH)
        return []
    except OSError as error:
        _log.error("blob store gives no photo, trying again", job=job.id, error=str(error))
        ledger.bear(claim, "storage-failed")
        return []
    if style is None:
        ledger.apologise(claim, "unknown-style", {}, refund=True)
        return []
    scores = job.photo_scores or (0.0,) * len(photos)
    return [
        _Order(
            claim,
            Commission(
                pixels,
                style,
                job.ask.strength,
                seed_of(digest_of(pixels)) if job.ask.seed is None else job.ask.seed,
                job.draft,
            ),
            score,
        )
        for pixels, score in zip(photos, scores, strict=True)
    ]


def _batches(shift: RenderShift, orders: Sequence[_Order]) -> list[list[_Order]]:
    """Group orders by what the engine can paint in one call, in calls of the size it can take."""
    groups: dict[tuple[str, bool], list[_Order]] = {}
    for order in orders:
        height, width = order.commission.pixels.shape[:2]
        key = (shift.engine.bucket(width, height), order.commission.draft)
        groups.setdefault(key, []).append(order)
    batches = []
    for (bucket, _), group in groups.items():
        size = max(1, shift.engine.capacity(bucket))
        batches += [group[i : i + size] for i in range(0, len(group), size)]
    return batches


def _paint(
    shift: RenderShift, batch: Sequence[_Order], claims: Sequence[Claim]
) -> list[RGB | PaintingFailed]:
    told_at = 0.0

    def watch(fraction: float) -> None:
        nonlocal told_at
        now = time.monotonic()
        if now - told_at < _PROGRESS_EVERY_S:
            return
        told_at = now
        if all(shift.keeper.lost(order.claim) for order in batch):
            raise PaintingCancelled
        shift.services.ledger.progress([order.claim for order in batch], fraction)

    try:
        return shift.engine.paint([order.commission for order in batch], watch)
    except PaintingCancelled:
        return [PaintingFailed("cancelled")] * len(batch)
    except EngineUnusable:
        with shift.services.ledger.together() as steps:
            for claim in claims:
                steps.release(claim, "engine-unusable")
        raise
    except Exception:
        _log.exception("the engine failed, trying again", jobs=[o.claim.job.id for o in batch])
        return [PaintingFailed("engine-failed")] * len(batch)


def _store(
    shift: RenderShift,
    claim: Claim,
    orders: Sequence[_Order],
    results: Sequence[RGB | PaintingFailed],
) -> None:
    services, job = shift.services, claim.job
    keys: list[str] = []
    try:
        for number, (order, result) in enumerate(zip(orders, results, strict=True)):
            if isinstance(result, PaintingFailed):
                raise result
            shift.screen.picture(result, order.photo_score)
            key = shelf.picture_key(claim, number)
            services.blobs.put(key, finish(result, Maker.of(shift.engine), shift.seal))
            keys.append(key)
        services.ledger.painted(claim, keys, engine_id(shift.engine))
    except PaintingFailed as failure:
        services.ledger.fail(claim, failure.reason, services.settings.max_attempts)
    except PhotoRefused as refusal:
        services.ledger.apologise(claim, refusal.reason, dict(refusal.facts), refund=False)
    except SealUnusable as error:
        _log.error("picture not signed, so not shown; trying again", job=job.id, error=str(error))
        services.ledger.bear(claim, "seal-failed")
    except SafetyUnavailable as error:
        _log.error("picture not screened, so not shown; trying again", job=job.id, error=str(error))
        services.ledger.bear(claim, "screen-failed")
    except OSError as error:
        _log.error("blob store refuses the picture, trying again", job=job.id, error=str(error))
        services.ledger.bear(claim, "storage-failed")
    except LeaseLost:
        _log.info("lease lost, picture dropped", job=job.id)
        services.blobs.delete(keys)
