"""Files that are to be deleted: on a list of the ledger until they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from redis import Redis

from tasks.blobs import BlobStore, StoreRefuses

_log = structlog.get_logger()


class DeletionQueue:
    """The list of blobs that nobody needs any more. What the store refuses is tried again later."""

    def __init__(self, redis: Redis, namespace: str, blobs: BlobStore) -> None:
        self._redis = redis
        self._key = f"{namespace}:deletions"
        self._blobs = blobs

    def oldest(self, most: int) -> list[str]:
        """Return the keys that have been on the list for longest."""
        keys: Any = self._redis.lrange(self._key, 0, most - 1)
        return list(keys)

    def delete(self, keys: Sequence[str]) -> int:
        """Delete these blobs, which are on the list; return how many went."""
        refused = {key for key in keys if not self._deleted(key)}
        # Another sweep may have deleted the same ones meanwhile: remove by value, not by place.
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
            _log.error("a photo is not deleted yet, trying again", error=str(error))
            return False
        return True
