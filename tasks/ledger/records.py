"""How asks and jobs are written into the ledger and read back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from tasks.models import Claim, Job, JobEvent, Outcome, PaintRequest, PhotoRef, Stage

SCHEMA = 1
"""Grows whenever an older version could not read what this one writes."""


class CorruptRecord(Exception):
    """A job's record cannot be read; it belongs on the dead list."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(f"the record of job {job_id} cannot be read: {why}")
        self.job_id = job_id


def job_id_of(platform: str, event: str) -> str:
    """Name the job of a platform's event; the same event always has the same name."""
    digest = hashlib.blake2b(f"{platform}\0{event}".encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()


def request_to_json(ask: PaintRequest) -> str:
    """Write the part of an ask that the scripts need not read."""
    body = {
        "photos": [[p.ref, p.owner] if p.owner else [p.ref] for p in ask.photos],
        "style": ask.style,
        "strength": ask.strength,
        "seed": ask.seed,
        "language": ask.language,
        "address": dict(ask.address),
    }
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _request(record: Mapping[str, str]) -> PaintRequest:
    body = json.loads(record["ask"])
    return PaintRequest(
        platform=record["platform"],
        event=record["event"],
        person=record["person"],
        conversation=record["conversation"],
        photos=tuple(PhotoRef(*photo) for photo in body["photos"]),
        style=body["style"],
        strength=body["strength"],
        seed=body["seed"],
        language=body["language"],
        private=record["private"] == "1",
        address=body["address"],
    )


def _history(record: Mapping[str, str]) -> tuple[JobEvent, ...]:
    lines = sorted((field, line) for field, line in record.items() if field.startswith("@"))
    told = ((int(field[1:]) / 1e6, *line.partition(" ")) for field, line in lines)
    return tuple(JobEvent(at, event, detail) for at, event, _, detail in told)


def job_from(job_id: str, raw: Mapping[bytes, bytes]) -> Job:
    """Read a job from its record's fields. Raises `CorruptRecord`."""
    try:
        record = {field.decode(): value.decode() for field, value in raw.items()}
        return Job(
            id=job_id,
            request=_request(record),
            stage=Stage(record["stage"]) if record["stage"] else None,
            outcome=Outcome(record["outcome"]) if record.get("outcome") else None,
            reason=record.get("reason", ""),
            attempts=int(record.get("fails", "0")),
            admitted_at=int(record["admitted"]) / 1000,
            promised_wait_s=int(record["told"]) / 1000,
            draft=record.get("draft") == "1",
            facts=json.loads(record.get("facts") or "{}"),
            refunded=record.get("refunded", "1") == "1",
            photos=tuple(record.get("photos", "").split()),
            photo_scores=tuple(map(float, record.get("scores", "").split())),
            pictures=tuple(record.get("pictures", "").split()),
            notes=tuple(record.get("notes", "").split()),
            platform_data={k[2:]: v for k, v in record.items() if k.startswith("m:")},
            receipt=record.get("receipt", ""),
            history=_history(record),
        )
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise CorruptRecord(job_id, repr(error)) from error


def claim_from(stage: Stage, row: Sequence[Any]) -> Claim:
    """Read one row of a claim: id, fence, ambiguous, then the record's fields and values by turns.

    A worker has no use for the story, it is left out. Raises `CorruptRecord`.
    """
    job_id, fence, ambiguous, *flat = row
    pairs = zip(flat[::2], flat[1::2], strict=True)
    record = {field: value for field, value in pairs if not field.startswith(b"@")}
    job = job_from(text(job_id), record)
    return Claim(job, stage, int(fence), ambiguous == 1, b"suspect" in record)


def text(value: bytes | str | int) -> str:
    """Read a string that the server sent."""
    return value.decode() if isinstance(value, bytes) else str(value)
