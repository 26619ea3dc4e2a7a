"""Shared pacing: what many workers together may send to a platform in a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from redis import Redis

from tasks.models import RateLimit


class RateLimiter:
    """Rate limits that all processes share, kept by the server's clock."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._prefix = prefix
        self._take = redis.register_script(files("tasks").joinpath("rate_limit.lua").read_text())

    def take(self, limits: Sequence[tuple[str, RateLimit]], reserve: float = 0.0) -> float:
        """Take one slot of every named limit, or of none.

        `limits` pairs a limit's key (`bot`, `chat:42`) with its quota; `reserve` (0..1) is the share
        of each burst that is left to more urgent callers. Returns 0.0 when the slots were taken,
        else the seconds to wait before asking again.
        """
        keys = [f"{self._prefix}:pace:{key}" for key, _ in limits]
        args = [
            value
            for _, quota in limits
            for value in (quota.count, int(quota.window_s * 1000), reserve)
        ]
        return int(self._take(keys=keys, args=args)) / 1000
