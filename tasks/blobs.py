"""The blob store for photos and pictures: a local folder, or an object store named by a URL.

Keys begin with kind and hour, so that expired blobs are found without listing all others.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url

from tasks.models import Claim
from tasks.private_files import private_folder

UPLOADS = "uploads"
"""Prefix of uploaded photos: `uploads/<person>/<random>`."""


class BlobMissing(Exception):
    """There is no blob under this key (any more)."""


class StoreRefuses(OSError):
    """The blob store cannot be read or written now: it is full, denies access or is unreachable."""


class BlobStore:
    """Bytes by key. A put is atomic; a second put of a key replaces the first."""

    def __init__(self, store: ObjectStore, folder: Path | None = None) -> None:
        self._store = store
        self._folder = folder
        """The local folder of the blobs, None for a store elsewhere."""

    @classmethod
    def open(cls, url: str | None, folder: Path) -> BlobStore:
        """Open the store at `url`, or in `folder` if no URL is given. Raises `StoreRefuses`."""
        if url is not None:
            try:
                return cls(from_url(url))
            except (BaseError, ValueError, TypeError, OSError) as error:
                raise StoreRefuses(f"SUISAI_BLOB_URL cannot be opened: {error}") from error
        private_folder(folder)
        return cls(LocalStore(folder, automatic_cleanup=True), folder)

    def has_room(self, reserve_bytes: int) -> bool:
        """Return whether more than `reserve_bytes` are free on the disk; always true for other stores."""
        return self._folder is None or shutil.disk_usage(self._folder).free > reserve_bytes

    def put(self, key: str, data: bytes) -> None:
        """Store `data` under `key`. Raises `StoreRefuses`."""
        with _as_store_refuses():
            obstore.put(self._store, key, data)

    def get(self, key: str) -> bytes:
        """Return the bytes under `key`. Raises `BlobMissing`, `StoreRefuses`."""
        try:
            with _as_store_refuses():
                return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise BlobMissing(key) from error

    def delete(self, keys: list[str]) -> None:
        """Delete these keys; missing ones count as deleted. Raises `StoreRefuses`."""
        for key in keys:
            with suppress(NotFoundError, FileNotFoundError), _as_store_refuses():
                obstore.delete(self._store, key)

    def delete_uploads(self, person: str) -> None:
        """Delete the photos that a person uploaded. Raises `StoreRefuses`."""
        # A person's id may also be an operator's input on the command line.
        if person and "/" not in person and person not in (".", ".."):
            with _as_store_refuses():
                self.delete([key for key, *_ in self.listing(f"{UPLOADS}/{person}")])

    def listing(self, prefix: str) -> Iterator[tuple[str, datetime, int]]:
        """Yield key, time of writing and size in bytes of every blob under `prefix`."""
        for page in obstore.list(self._store, prefix=prefix):
            for meta in page:
                yield meta["path"], meta["last_modified"], meta["size"]

    def folders(self, prefix: str) -> list[str]:
        """Return the names of the folders directly under `prefix`."""
        found = obstore.list_with_delimiter(self._store, prefix=prefix)
        return [path.rstrip("/").rpartition("/")[2] for path in found["common_prefixes"]]


@contextmanager
def _as_store_refuses() -> Iterator[None]:
    """Convert all exceptions of the store's library to `StoreRefuses`, except those for a missing key."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise
    # obstore raises TypeError or ValueError for a key that is not a valid path.
    except (BaseError, OSError, TypeError, ValueError) as error:
        raise StoreRefuses(f"the blob store refuses: {error}") from error


_HOUR = "%Y%m%dT%H"


def photo_key(claim: Claim, number: int) -> str:
    """Return the blob key of a claim's opened photo. Keys of different claims differ, even of one job."""
    return f"photos/{_key(claim, number)}.rgb"


def picture_key(claim: Claim, number: int) -> str:
    """Return the blob key of a claim's painting. Keys of different claims differ, even of one job."""
    return f"pictures/{_key(claim, number)}.jpg"


def expired_keys(blobs: BlobStore, kind: str, age: timedelta, now: datetime) -> Iterator[str]:
    """Yield the keys of all blobs of a kind that were written longer ago than `age`."""
    for folder in blobs.folders(kind):
        if _begins(folder) + age > now:
            continue
        for key, written, _ in blobs.listing(f"{kind}/{folder}"):
            if now - written > age:
                yield key


def _key(claim: Claim, number: int) -> str:
    hour = datetime.now(UTC).strftime(_HOUR)
    return f"{hour}/{claim.job.id}-{claim.fence}-{number}"


def _begins(folder: str) -> datetime:
    try:
        return datetime.strptime(folder, _HOUR).replace(tzinfo=UTC)
    except ValueError:
        # Not one of our folder names: check the age of each blob in it.
        return datetime.min.replace(tzinfo=UTC)
