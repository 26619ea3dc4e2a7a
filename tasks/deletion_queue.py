"""The queue of blobs to delete, and the rewrite that removes deleted values from the server's disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog
from redis import Redis
from redis.exceptions import RedisError

from tasks.blobs import BlobStore, StoreRefuses

_log = structlog.get_logger()


class DeletionQueue:
    """The queue of blobs that are no longer needed. Failed deletions are retried later."""

    def __init__(self, redis: Redis, namespace: str, blobs: BlobStore) -> None:
        self._redis = redis
        self._key = f"{namespace}:deletions"
        self._blobs = blobs

    def oldest(self, most: int) -> list[str]:
        """Return up to `most` keys, those that were queued first."""
        keys: Any = self._redis.lrange(self._key, 0, most - 1)
        return list(keys)

    def delete(self, keys: Sequence[str]) -> int:
        """Delete these blobs of the queue; return how many were deleted."""
        refused = {key for key in keys if not self._deleted(key)}
        # Remove by value, not by index: another process may delete the same keys at the same time.
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


_AT_MOST_EVERY_S = 60


def request_rewrite(redis: Redis, namespace: str) -> None:
    """Request a rewrite of the append-only file, because deleted personal data is still in it."""
    redis.set(f"{namespace}:rewrite_requested", "1")


def rewrite_if_requested(redis: Redis, namespace: str) -> bool:
    """Start a rewrite of the append-only file if one was requested; return whether it was started."""
    requested, recently = f"{namespace}:rewrite_requested", f"{namespace}:rewritten"
    if not redis.exists(requested) or redis.exists(recently):
        return False
    try:
        redis.bgrewriteaof()
    except RedisError as error:
        # A hosted server may forbid it, or a rewrite that began before the deletion is still running.
        _log.warning("aof_not_rewritten", error=str(error), action="retry")
        redis.set(recently, "1", ex=_AT_MOST_EVERY_S)
        return False
    redis.set(recently, "1", ex=_AT_MOST_EVERY_S)
    redis.delete(requested)
    return True
