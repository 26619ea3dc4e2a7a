"""How asks and jobs are written into the ledger and read back."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

from tasks.contract import Ask, Chapter, Claim, Job, Outcome, PhotoRef, Stage

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


def ask_to_json(ask: Ask) -> str:
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


def _ask(record: Mapping[str, str]) -> Ask:
    body = json.loads(record["ask"])
    return Ask(
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


def _story(text: str) -> tuple[Chapter, ...]:
    lines = (line.split(" ", 2) for line in text.split("\n") if line)
    return tuple(Chapter(int(at) / 1000, event, " ".join(rest)) for at, event, *rest in lines)


def job_from(job_id: str, record: Mapping[str, str]) -> Job:
    """Read a job. Raises `CorruptRecord`."""
    try:
        return Job(
            id=job_id,
            ask=_ask(record),
            stage=Stage(record["stage"]) if record["stage"] else None,
            outcome=Outcome(record["outcome"]) if record.get("outcome") else None,
            reason=record.get("reason", ""),
            attempts=int(record.get("fails", "0")),
            admitted_at=int(record["admitted"]) / 1000,
            told_wait_s=int(record["told"]) / 1000,
            draft=record.get("draft") == "1",
            facts=json.loads(record.get("facts") or "{}"),
            refunded=record.get("refunded", "1") == "1",
            photos=tuple(record.get("photos", "").split()),
            photo_scores=tuple(map(float, record.get("scores", "").split())),
            pictures=tuple(record.get("pictures", "").split()),
            notes=tuple(record.get("notes", "").split()),
            marks={k[2:]: v for k, v in record.items() if k.startswith("m:")},
            receipt=record.get("receipt", ""),
            story=_story(record.get("story", "")),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise CorruptRecord(job_id, repr(error)) from error


def claim_from(stage: Stage, row: list[bytes | int]) -> Claim:
    """Read one row of a claim: id, fence, ambiguous, then the record's fields and values by turns.

    Raises `CorruptRecord`.
    """
    job_id, fence, ambiguous, *record = row
    fields = pairs(record)
    return Claim(job_from(text(job_id), fields), stage, int(fence), ambiguous == 1)


def pairs(flat: Iterable[bytes | int]) -> dict[str, str]:
    """Turn field, value, field, value into a dict of strings."""
    values = [text(value) for value in flat]
    return dict(zip(values[::2], values[1::2], strict=True))


def text(value: bytes | str | int) -> str:
    """Read a string that the server sent."""
    return value.decode() if isinstance(value, bytes) else str(value)
