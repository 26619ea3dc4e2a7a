"""Makes the server's disk forget what was deleted: its append-only file still names it.

A rewrite of the file costs the server a copy of its data, so that one serves all deletions of a minute.
"""

from __future__ import annotations

import structlog
from redis import Redis
from redis.exceptions import RedisError

_log = structlog.get_logger()

_AT_MOST_EVERY_S = 60


def request_rewrite(redis: Redis, namespace: str) -> None:
    """Note that something was deleted that must not stay on the server's disk."""
    redis.set(f"{namespace}:rewrite_requested", "1")


def rewrite_if_requested(redis: Redis, namespace: str) -> bool:
    """Begin to rewrite the append-only file where that was requested; tell whether it has begun."""
    requested, recently = f"{namespace}:rewrite_requested", f"{namespace}:rewritten"
    if not redis.exists(requested) or redis.exists(recently):
        return False
    try:
        redis.bgrewriteaof()
    except RedisError as error:
        # A hosted server may forbid it, and a rewrite may be under way that began too early.
        _log.warning("aof_not_rewritten", error=str(error), action="retry")
        redis.set(recently, "1", ex=_AT_MOST_EVERY_S)
        return False
    redis.set(recently, "1", ex=_AT_MOST_EVERY_S)
    redis.delete(requested)
    return True
