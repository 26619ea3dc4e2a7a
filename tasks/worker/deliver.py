"""The last stage: send the answer once and record that it is published."""

from __future__ import annotations

import time

import structlog
from redis.exceptions import RedisError

from tasks.blobs import BlobMissing
from tasks.errors import ChatRateLimited, PlatformPaused, TransientError, Undeliverable
from tasks.ledger.ledger import LeaseLost, Ledger, Objection
from tasks.models import Answer, Apology, Claim, Job, Outcome, Painting, Stage
from tasks.worker.loop import WorkerContext

_log = structlog.get_logger()

_CLOCK_SLACK_S = 3600.0


def deliver(context: WorkerContext, claims: list[Claim]) -> None:
    """Deliver the answers of jobs and end the jobs. Raises `LeaseLost`."""
    for claim in claims:
        _deliver_one(context, claim)


def _deliver_one(context: WorkerContext, claim: Claim) -> None:
    job, services = claim.job, context.services
    ledger = services.ledger
    if _is_too_late(ledger, job, services.settings.painting_patience_s):
        ledger.transitions.finish(claim, Outcome.UNDELIVERABLE, "too-late")
        return
    sent = False
    try:
        platform = context.platforms[job.request.platform]
        receipt = platform.find_answer(job) if claim.ambiguous else None
        if receipt is None:
            answer = _answer(context, claim)
            # The platform gets the job as it is now: its data may have changed since the claim.
            fresh = ledger.record_send_intent(claim)
            sent = True
            receipt = platform.answer(fresh, answer)
    except Objection as objection:
        _log.info("painting_not_sent", job=job.id, reason=objection.reason)
        if objection.reason == "owner-opted-out":
            ledger.transitions.decline(claim, objection.reason, {}, refund=True)
        else:
            ledger.transitions.finish(claim, Outcome.CANCELLED, objection.reason)
    except BlobMissing:
        _log.info("picture_missing", job=job.id, action="paint it again")
        ledger.transitions.rewind_to(claim, Stage.RENDER)
    except Undeliverable as end:
        ledger.transitions.finish(claim, Outcome.UNDELIVERABLE, end.reason)
    except PlatformPaused as pause:
        services.controls.pause(Stage.DELIVER, job.request.platform, pause.until)
        _log.warning(
            "platform_paused",
            platform=job.request.platform,
            until=pause.until,
            why=pause.why,
        )
        maybe_sent = claim.ambiguous or pause.maybe_sent
        if pause.job_until > pause.until:
            ledger.transitions.postpone(claim, pause.job_until, maybe_sent=maybe_sent)
        else:
            ledger.transitions.release(claim, pause.why, maybe_sent=maybe_sent)
    except ChatRateLimited as full:
        ledger.transitions.postpone(claim, full.until, maybe_sent=claim.ambiguous)
    except TransientError as error:
        _log.warning("answer_not_sent", job=job.id, error=str(error), action="retry")
        ledger.transitions.retry_fault(claim, "send-failed", maybe_sent=claim.ambiguous)
    except (LeaseLost, RedisError):
        raise
    except Exception as error:
        _log.warning(
            "send_outcome_unknown",
            job=job.id,
            error=type(error).__name__,
            exc_info=True,
            action="ask the platform before the next attempt",
        )
        ledger.transitions.retry_fault(claim, "send-unknown", maybe_sent=sent or claim.ambiguous)
    else:
        _finish(context, claim, receipt)


def _finish(context: WorkerContext, claim: Claim, receipt: str) -> None:
    job, ledger = claim.job, context.services.ledger
    outcome = Outcome.ANSWERED if job.pictures else Outcome.APOLOGISED
    try:
        ledger.transitions.finish(claim, outcome, job.reason, receipt)
    except LeaseLost:
        if ledger.find_job(job.id) is None:
            _log.info("job_forgotten_while_sending", job=job.id, action="delete the answer")
            context.services.retractions.add(job.request.platform, receipt)
        raise


def _is_too_late(ledger: Ledger, job: Job, patience_s: float) -> bool:
    # Reading the ledger's clock costs a round trip; this machine's clock may be wrong by minutes.
    if time.time() - job.admitted_at < patience_s - _CLOCK_SLACK_S:
        return False
    return ledger.now() - job.admitted_at > patience_s


def _answer(context: WorkerContext, claim: Claim) -> Answer:
    job = claim.job
    if job.pictures:
        pictures = tuple(context.services.blobs.get(key) for key in job.pictures)
        return Painting(pictures, job.notes)
    return Apology(job.reason, job.facts, job.refunded)
