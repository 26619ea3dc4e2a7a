"""What a trace of a job consists of: which spans, from when to when, and what they may say.

Every id follows from the job's id, so that each process draws its part without being told of the others,
and a part that is drawn twice is the same part.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tasks.models import Claim, Job, JobEvent, Outcome, PaintRequest, Stage

ROOT = "job"
"""The part that all others hang from."""

LEASE_LOST = "lease-lost"

_BEGINNINGS = {
    "fetching": Stage.FETCH,
    "painting": Stage.RENDER,
    "delivering": Stage.DELIVER,
}

_FAULTS = {"failed", LEASE_LOST, "dropped", Outcome.UNDELIVERABLE}

_CODE = re.compile(r"[\w.:-]{1,80}", re.ASCII)

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of a job's way."""

    job_id: str
    part: str
    """Unique within the job; its id follows from it."""
    name: str
    started_at: float
    """Seconds since the epoch, as all times here."""
    ended_at: float
    says: Mapping[str, Value]
    fault: str = ""
    """Why the stretch came to nothing; empty where it did not."""
    links: tuple[tuple[str, str], ...] = ()
    """Other jobs that were worked on together with this one, and their parts."""
    events: tuple[JobEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What a worker did with one claim."""

    claim: Claim
    together: Sequence[Claim]
    """All claims of the batch, this one included."""
    began_at: float
    ended_at: float
    told: str = "dropped"
    """What it came to, in the words of a story: an event, and a reason after a space."""


def trace_id(job_id: str) -> str:
    """Return the id of a job's trace, 32 hex digits: the first half of the SHA-256 of the job's id."""
    return hashlib.sha256(job_id.encode()).hexdigest()[:32]


def span_id(job_id: str, part: str = ROOT) -> str:
    """Return the id of one part of a job's trace, 16 hex digits."""
    return hashlib.sha256(f"{job_id} {part}".encode()).hexdigest()[:16]


def admission(job_id: str, ask: PaintRequest, began_at: float, ended_at: float) -> Span:
    """Draw how an ask was taken in."""
    return Span(job_id, "admit", "admit", began_at, ended_at, _about(job_id, ask))


def work(done: Work) -> Span:
    """Draw what a worker did with a claim, linked to what it did at the same time."""
    claim = done.claim
    event, _, reason = done.told.partition(" ")
    says = _about(claim.job.id, claim.job.request) | {
        "suisai.stage": str(claim.stage),
        "suisai.attempt": claim.job.attempts + 1,
        "suisai.batch_size": len(done.together),
        "suisai.draft": claim.job.draft,
        **_ending(event, reason),
    }
    others = [other for other in done.together if other is not claim]
    return Span(
        claim.job.id,
        _part(claim),
        str(claim.stage),
        done.began_at,
        done.ended_at,
        says,
        fault=_fault(event, reason),
        links=tuple((other.job.id, _part(other)) for other in others),
    )


def whole(job: Job) -> list[Span]:
    """Draw the way of a job that has ended, and the stretches in which it waited for somebody."""
    waits = list(_waits(job))
    began_at = job.history[0].at if job.history else job.admitted_at
    says = _about(job.id, job.request) | {
        "suisai.photos": len(job.request.photos),
        "suisai.waited_s": round(sum(span.ended_at - span.started_at for span in waits), 3),
        "suisai.promised_wait_s": job.promised_wait_s,
        **_ending(job.outcome or "", job.reason),
    }
    root = Span(
        job.id,
        ROOT,
        ROOT,
        began_at,
        job.history[-1].at if job.history else began_at,
        says,
        fault=_fault(job.outcome or "", job.reason),
        events=tuple(
            JobEvent(line.at, code(line.event), code(line.detail)) for line in job.history
        ),
    )
    return [root, *waits]


def _waits(job: Job) -> Iterator[Span]:
    since: float | None = None
    for number, line in enumerate(job.history):
        stage = _BEGINNINGS.get(line.event)
        if stage is None:
            since = line.at if since is None else since
        elif since is not None:
            says = _about(job.id, job.request) | {
                "suisai.stage": str(stage),
                "suisai.waited_s": round(line.at - since, 3),
            }
            yield Span(job.id, f"wait {number}", f"wait for {stage}", since, line.at, says)
            since = None


def code(word: str) -> str:
    """Return a word that is a code, a worker's name or a job's id as it is, and nothing of a text.

    A trace leaves the house: what a platform or a person wrote must not.
    """
    return word if _CODE.fullmatch(word) else ""


def _about(job_id: str, ask: PaintRequest) -> dict[str, Value]:
    return {
        "suisai.job": job_id,
        "suisai.platform": code(ask.platform),
        "suisai.style": code(ask.style),
    }


def _ending(event: str, reason: str) -> dict[str, Value]:
    why = code(reason)
    return {"suisai.outcome": event, **({"suisai.reason": why} if why else {})}


def _fault(event: str, reason: str) -> str:
    return (code(reason) or event) if event in _FAULTS else ""


def _part(claim: Claim) -> str:
    return f"{claim.stage} {claim.fence}"
