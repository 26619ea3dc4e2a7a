"""The queue of published answers that must be deleted on their platform, on a person's request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from redis import Redis

from tasks.errors import ChatRateLimited, PlatformPaused, TransientError, UnknownPlatform
from tasks.kv import server_time

_log = structlog.get_logger()

_ATTEMPT_S = 120.0
"""Maximum duration of one attempt; afterwards another process may retry."""
_RETRY_S = 60.0
_GIVE_UP_AFTER_S = 24 * 3600.0


Retract = Callable[[str, str], None]
"""Deletes an answer. Arguments: platform, receipt."""


class Retractions:
    """The queue of answers to delete, on the ledger's server; `forget.lua` also adds to it.

    A hash: "platform receipt" -> "due requested", both in milliseconds since the epoch.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._key = f"{namespace}:retractions"

    def add(self, platform: str, receipt: str) -> None:
        """Queue an answer to be deleted."""
        now_ms = int(server_time(self._redis) * 1000)
        self._redis.hsetnx(self._key, f"{platform} {receipt}", f"{now_ms} {now_ms}")

    def waiting(self) -> int:
        """Return how many answers are still to be deleted."""
        return int(self._redis.hlen(self._key))

    def run(self, retract: Retract, limit: int = 20) -> int:
        """Delete the answers that are due; return how many left the queue.

        A failed deletion is retried for a day. Raises `RedisError`.
        """
        stored: Any = self._redis.hgetall(self._key)
        rows = {name: times.split() for name, times in stored.items()}
        if not rows:
            return 0
        now = server_time(self._redis)
        due = [name for name, (due_ms, _) in rows.items() if int(due_ms) <= now * 1000]
        done = 0
        for name in due[:limit]:
            requested_ms = rows[name][1]
            # Two processes may take the same answer; deleting it twice is harmless.
            self._postpone(name, now + _ATTEMPT_S, requested_ms)
            retry_at = _delete(retract, name, now - int(requested_ms) / 1000, now)
            if retry_at is None:
                done += int(self._redis.hdel(self._key, name))
            else:
                self._postpone(name, retry_at, requested_ms)
        return done

    def _postpone(self, name: str, until: float, requested_ms: str) -> None:
        self._redis.hset(self._key, name, f"{int(until * 1000)} {requested_ms}")


def _delete(retract: Retract, name: str, age_s: float, now: float) -> float | None:
    """Delete one answer; return when to retry, None if it is deleted or given up."""
    where, receipt = name.split(" ", 1)
    try:
        retract(where, receipt)
    except (PlatformPaused, ChatRateLimited) as pause:
        return max(pause.until, now + 1)
    except UnknownPlatform as error:
        _log.error("answer_not_deleted", platform=where, error=str(error), action="drop")
    except Exception as error:
        if age_s > _GIVE_UP_AFTER_S:
            _log.error("answer_not_deleted", answer=name, error=str(error), action="drop")
            return None
        _log.warning(
            "answer_not_deleted",
            platform=where,
            error=type(error).__name__,
            exc_info=not isinstance(error, TransientError),
            action="retry",
        )
        return now + _RETRY_S
    return None
