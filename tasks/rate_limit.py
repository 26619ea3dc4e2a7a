"""Rate limits that all processes share, and holds: temporary blocks of calls that a platform demanded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from redis import Redis

from tasks.kv import server_time
from tasks.models import RateLimit


class Holds:
    """Holds by platform and name, shared by all processes and timed by the server's clock.

    Holds survive restarts, because a platform's wait can be hours long. An operator ends them with
    `suisai resume deliver`.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace

    def key(self, platform: str) -> str:
        """Return the key of one platform's holds, a sorted set: name -> end in milliseconds."""
        return f"{self._ns}:holds:{platform}"

    def add(self, platform: str, name: str, seconds: float) -> None:
        """Hold `name` for so many seconds; of two holds the later end counts."""
        now_ms = self._now_ms()
        pipe = self._redis.pipeline(transaction=True)
        pipe.sadd(f"{self._ns}:holds", platform)
        pipe.zremrangebyscore(self.key(platform), "-inf", now_ms)
        pipe.zadd(self.key(platform), {name: now_ms + int(seconds * 1000)}, gt=True)
        pipe.execute()

    def refused(self, platform: str, chat: str, within_s: float) -> int:
        """Record that a call to a chat was refused now; return how many chats were within `within_s`."""
        now_ms, key = self._now_ms(), f"{self._ns}:refused:{platform}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.zadd(key, {chat: now_ms})
        pipe.zremrangebyscore(key, "-inf", now_ms - int(within_s * 1000))
        pipe.zcard(key)
        pipe.pexpire(key, int(within_s * 1000))
        return int(pipe.execute()[2])

    def active(self, platform: str) -> dict[str, float]:
        """Return the current holds: name -> end, seconds since the epoch."""
        rows: Any = self._redis.zrangebyscore(
            self.key(platform), f"({self._now_ms()}", "+inf", withscores=True
        )
        return {name: end_ms / 1000 for name, end_ms in rows}

    def lift(self, platform: str | None = None) -> None:
        """End the holds of one platform, or of all platforms."""
        names: Any = self._redis.smembers(f"{self._ns}:holds")
        for name in [platform] if platform else names:
            self._redis.delete(self.key(name), f"{self._ns}:refused:{name}")

    def forget(self, platform: str, person: str) -> None:
        """Delete the holds and rate limits of a person's private chat, whose id is the person's id."""
        names: Any = self._redis.zrange(self.key(platform), 0, -1)
        chat = f"chat:{person}"
        pipe = self._redis.pipeline(transaction=False)
        for name in names:
            if name == chat or name.startswith(f"{chat}:"):
                pipe.zrem(self.key(platform), name)
        pipe.zrem(f"{self._ns}:refused:{platform}", person)
        pipe.delete(f"{self._ns}:notes:{platform}:pace:{chat}")
        pipe.execute()

    def _now_ms(self) -> int:
        return int(server_time(self._redis) * 1000)


@dataclass(frozen=True, slots=True)
class Wait:
    """The result of an attempt to take slots."""

    seconds: float
    """Seconds until the next attempt; 0 if the slots were taken."""
    hold: str = ""
    """The hold that prevented it, if any."""
    limit: str = ""
    """The key of the limit that prevented it, if any."""
    reported: tuple[str, ...] = ()
    """The current holds among those in `report`."""


class RateLimiter:
    """Rate limits that all processes share, timed by the server's clock."""

    def __init__(self, redis: Redis, prefix: str, holds: Holds, platform: str) -> None:
        self._prefix = prefix
        self.holds = holds
        self.platform = platform
        self._take = redis.register_script(files("tasks").joinpath("rate_limit.lua").read_text())

    def take(self, limits: Sequence[tuple[str, RateLimit]], reserve: float = 0.0) -> float:
        """Take one slot of every limit, or of none.

        `limits` are pairs of a limit's key (`bot`, `chat:42`) and its quota; `reserve` (0..1) is the
        share of each burst that is reserved for more urgent callers. Returns 0.0 if the slots were
        taken, else the seconds to wait before the next attempt.
        """
        return self.try_acquire(limits, reserve=reserve).seconds

    def try_acquire(
        self,
        limits: Sequence[tuple[str, RateLimit]],
        holds: Sequence[str] = (),
        reserve: float = 0.0,
        report: Sequence[str] = (),
    ) -> Wait:
        """Like `take`, but takes no slot while one of the platform's `holds` lasts. One round trip.

        `report`: other holds, which are only reported.
        """
        keys = [
            self.holds.key(self.platform),
            *(f"{self._prefix}:pace:{key}" for key, _ in limits),
        ]
        args: list[str | int | float] = [len(limits)]
        for _, quota in limits:
            args += [quota.count, int(quota.window_s * 1000), reserve]
        names = [*holds, "", *report] if report else holds
        wait_ms, hold, slowest, *reported = self._take(keys=keys, args=[*args, *names])
        limit = limits[int(slowest) - 1][0] if int(slowest) else ""
        return Wait(int(wait_ms) / 1000, hold, limit, tuple(reported))
