"""Where photos and pictures lie: by kind and hour, so that the old ones are found without the rest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from tasks.blobs import BlobStore
from tasks.contract import Claim

_HOUR = "%Y%m%dT%H"


def photo_key(claim: Claim, number: int) -> str:
    """Name the blob of a claim's opened photo. No other claim, even of the same job, has this key."""
    return f"photos/{_place(claim, number)}.rgb"


def picture_key(claim: Claim, number: int) -> str:
    """Name the blob of a claim's painting. No other claim, even of the same job, has this key."""
    return f"pictures/{_place(claim, number)}.jpg"


def older_than(blobs: BlobStore, kind: str, age: timedelta, now: datetime) -> Iterator[str]:
    """Yield the keys of all blobs of a kind that were written longer ago than `age`."""
    for folder in blobs.folders(kind):
        if _begins(folder) + age > now:
            continue
        for key, written, _ in blobs.listing(f"{kind}/{folder}"):
            if now - written > age:
                yield key


def _place(claim: Claim, number: int) -> str:
    hour = datetime.now(UTC).strftime(_HOUR)
    return f"{hour}/{claim.job.id}-{claim.fence}-{number}"


def _begins(folder: str) -> datetime:
    try:
        return datetime.strptime(folder, _HOUR).replace(tzinfo=UTC)
    except ValueError:
        # Not a folder of ours by name: let the age of each blob decide.
        return datetime.min.replace(tzinfo=UTC)
