"""Rate limits: what many workers together may send to a platform in a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from redis import Redis

from tasks.holds import Holds
from tasks.models import RateLimit


@dataclass(frozen=True, slots=True)
class Wait:
    """Why no slot was taken."""

    seconds: float
    """When to ask again; 0 where the slots were taken."""
    hold: str = ""
    """The hold that is in the way, empty where it is a limit."""
    limit: str = ""
    """The key of the limit that is in the way, empty where it is a hold."""


class RateLimiter:
    """Rate limits that all processes share, kept by the server's clock."""

    def __init__(self, redis: Redis, prefix: str, holds: Holds, platform: str) -> None:
        self._prefix = prefix
        self.holds = holds
        self.platform = platform
        self._take = redis.register_script(files("tasks").joinpath("rate_limit.lua").read_text())

    def take(self, limits: Sequence[tuple[str, RateLimit]], reserve: float = 0.0) -> float:
        """Take one slot of every named limit, or of none.

        `limits` pairs a limit's key (`bot`, `chat:42`) with its quota; `reserve` (0..1) is the share
        of each burst that is left to more urgent callers. Returns 0.0 when the slots were taken,
        else the seconds to wait before asking again.
        """
        return self.try_acquire(limits, reserve=reserve).seconds

    def try_acquire(
        self,
        limits: Sequence[tuple[str, RateLimit]],
        holds: Sequence[str] = (),
        reserve: float = 0.0,
    ) -> Wait:
        """As `take`, and none while one of the platform's named holds lasts. One round trip."""
        keys = [
            self.holds.key(self.platform),
            *(f"{self._prefix}:pace:{key}" for key, _ in limits),
        ]
        args: list[str | int | float] = [len(limits)]
        for _, quota in limits:
            args += [quota.count, int(quota.window_s * 1000), reserve]
        wait_ms, hold, slowest = self._take(keys=keys, args=[*args, *holds])
        limit = limits[int(slowest) - 1][0] if int(slowest) else ""
        return Wait(int(wait_ms) / 1000, hold, limit)
