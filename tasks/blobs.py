"""Where photos and pictures are kept: a local folder by default, anything S3-like by URL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import obstore
from obstore.exceptions import NotFoundError
from obstore.store import LocalStore, ObjectStore, from_url


class BlobMissing(Exception):
    """There is no blob under this key (any more)."""


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
        return cls(LocalStore(folder))

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`. Raises `OSError` when the store is full or cannot be reached."""
        obstore.put(self._store, key, data)

    def get(self, key: str) -> bytes:
        """Return the bytes under `key`. Raises `BlobMissing`."""
        try:
            return bytes(obstore.get(self._store, key).bytes())
        except (NotFoundError, FileNotFoundError) as error:
            raise BlobMissing(key) from error

    def delete(self, keys: list[str]) -> None:
        """Delete these keys; missing ones count as deleted."""
        for key in keys:
            try:
                obstore.delete(self._store, key)
            except (NotFoundError, FileNotFoundError):
                continue

    def listing(self, prefix: str) -> Iterator[tuple[str, datetime, int]]:
        """Yield key, time of writing and size in bytes of every blob under `prefix`."""
        for page in obstore.list(self._store, prefix=prefix):
            for meta in page:
                yield meta["path"], meta["last_modified"], meta["size"]
