"""Blobs that are to be deleted: in a queue of the ledger until they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from redis import Redis

from tasks.blobs import BlobStore, StoreRefuses

_log = structlog.get_logger()


class DeletionQueue:
    """The queue of blobs that are not needed any more. What fails is retried later."""

    def __init__(self, redis: Redis, namespace: str, blobs: BlobStore) -> None:
        self._redis = redis
        self._key = f"{namespace}:deletions"
        self._blobs = blobs

    def oldest(self, most: int) -> list[str]:
        """Return the keys that have been in the queue for longest."""
        keys: Any = self._redis.lrange(self._key, 0, most - 1)
        return list(keys)

    def delete(self, keys: Sequence[str]) -> int:
        """Delete these blobs of the queue; return how many were deleted."""
        refused = {key for key in keys if not self._deleted(key)}
        # Another process may have deleted the same ones meanwhile: remove by value, not by index.
        pipe = self._redis.pipeline(transaction=False)
        for key in keys:
            pipe.lrem(self._key, 1, key)
        for key in refused:
            pipe.rpush(self._key, key)
        pipe.execute()
        return len(keys) - len(refused)

    def _deleted(self, key: str) -> bool:
        try:
            self._blobs.delete([key])
        except StoreRefuses as error:
            _log.error("blob_not_deleted", error=str(error), action="retry")
            return False
        return True
