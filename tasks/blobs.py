"""Where photos and pictures are kept: a local folder by default, anything S3-like by URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url


class BlobMissing(Exception):
    """There is no blob under this key (any more)."""


class StoreRefuses(OSError):
    """The blob store cannot be read or written now: full, forbidden or out of reach."""


class BlobStore:
    """Bytes by key. A put is whole or nothing; a second put of a key replaces the first."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, url: str | None, folder: Path) -> BlobStore:
        """Open the store at `url`, or in `folder` where no URL is given."""
        if url is not None:
            return cls(from_url(url))
        folder.mkdir(parents=True, exist_ok=True)
        return cls(LocalStore(folder, automatic_cleanup=True))

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`. Raises `StoreRefuses`."""
        with _plainly():
            obstore.put(self._store, key, data)

    def get(self, key: str) -> bytes:
        """Return the bytes under `key`. Raises `BlobMissing`, `StoreRefuses`."""
        try:
            with _plainly():
                return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise BlobMissing(key) from error

    def delete(self, keys: list[str]) -> None:
        """Delete these keys; missing ones count as deleted. Raises `StoreRefuses`."""
        for key in keys:
            with suppress(NotFoundError, FileNotFoundError), _plainly():
                obstore.delete(self._store, key)

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
def _plainly() -> Iterator[None]:
    """Raise `StoreRefuses` for whatever the store's own library raises but a missing key."""
    try:
        yield
    except (NotFoundError, FileNotFoundError):
        raise
    # TypeError: what obstore says of a key that cannot be a path.
    except (BaseError, OSError, TypeError) as error:
        raise StoreRefuses(f"the blob store refuses: {error}") from error
