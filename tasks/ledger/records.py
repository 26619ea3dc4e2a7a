"""Serialises requests and jobs for the ledger, and parses and validates its records."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tasks.models import Claim, Job, PaintRequest, Stage

SCHEMA = 2
"""Incremented whenever older versions cannot read what this version writes."""

_REQUEST = TypeAdapter(PaintRequest)
_JOB = TypeAdapter(Job)
_SEPARATE = {"platform", "event", "person", "conversation", "private"}
"""Fields of a request that are separate fields of the record, because the scripts read them."""


class CorruptRecord(Exception):
    """A job's record cannot be parsed."""

    def __init__(self, job_id: str, why: str) -> None:
        super().__init__(f"the record of job {job_id} cannot be read: {why}")
        self.job_id = job_id


def job_id_of(platform: str, event: str) -> str:
    """Return the job id of a platform's event; the same event always has the same id."""
    digest = hashlib.blake2b(f"{platform}\0{event}".encode(), digest_size=10).digest()
    return base64.b32encode(digest).decode().lower()


def request_to_json(request: PaintRequest) -> str:
    """Serialise the fields of a request that the scripts do not read."""
    return _REQUEST.dump_json(request, exclude=_SEPARATE, exclude_none=True).decode()


def job_from(job_id: str, record: Mapping[str, str]) -> Job:
    """Parse a job from the fields of its record. Raises `CorruptRecord`."""
    try:
        return _JOB.validate_python(_fields(job_id, record))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise CorruptRecord(job_id, f"{where}: {first['msg']}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise CorruptRecord(job_id, repr(error)) from error


def _fields(job_id: str, record: Mapping[str, str]) -> dict[str, Any]:
    "".join(record.values()).encode()  # raises for invalid UTF-8, which was read as lone surrogates
    return {
        "id": job_id,
        "request": json.loads(record["request"]) | {name: record[name] for name in _SEPARATE},
        "stage": record["stage"] or None,
        "outcome": record.get("outcome") or None,
        "reason": record.get("reason", ""),
        "attempts": record.get("fails", 0),
        "admitted_at": int(record["admitted"]) / 1000,
        "promised_wait_s": int(record["promised"]) / 1000,
        "draft": record.get("draft", False),
        "facts": json.loads(record.get("facts") or "{}"),
        "refunded": record.get("refunded", True),
        "photos": tuple(record.get("photos", "").split()),
        "photo_scores": tuple(record.get("scores", "").split()),
        "pictures": tuple(record.get("pictures", "").split()),
        "notes": tuple(record.get("notes", "").split()),
        "platform_data": {k[2:]: v for k, v in record.items() if k.startswith("m:")},
        "model": record.get("model", ""),
        "receipt": record.get("receipt", ""),
        "traceparent": record.get("traceparent", ""),
        "history": _history(record),
    }


def _history(record: Mapping[str, str]) -> tuple[dict[str, Any], ...]:
    lines = sorted((field, line) for field, line in record.items() if field.startswith("@"))
    parts = ((int(field[1:]) / 1e6, *line.partition(" ")) for field, line in lines)
    return tuple({"at": at, "event": event, "detail": detail} for at, event, _, detail in parts)


def claim_from(stage: Stage, row: Sequence[Any]) -> Claim:
    """Parse one row of a claim: id, fence, ambiguous, then alternating fields and values of the record.

    The history is omitted, because workers do not need it. Raises `CorruptRecord`.
    """
    job_id, fence, ambiguous, *flat = row
    pairs = zip(flat[::2], flat[1::2], strict=True)
    record = {field: value for field, value in pairs if not field.startswith("@")}
    return Claim(job_from(job_id, record), stage, int(fence), ambiguous == 1, "suspect" in record)
