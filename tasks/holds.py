"""What a platform has asked the bot not to do for a while: one chat, one method, or everything."""

from __future__ import annotations

from typing import Any

from redis import Redis

from tasks.clock import server_time


class Holds:
    """Holds by platform and name, shared by all processes, kept by the server's clock.

    A hold outlives restarts: a platform that said "in twelve hours" means it. An operator ends it
    with `suisai resume deliver`.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace

    def key(self, platform: str) -> str:
        """Return the sorted set of one platform's holds: name -> end in milliseconds."""
        return f"{self._ns}:holds:{platform}"

    def add(self, platform: str, name: str, seconds: float) -> None:
        """Hold `name` back for so long; the later end of two holds counts."""
        now_ms = self._now_ms()
        pipe = self._redis.pipeline(transaction=True)
        pipe.sadd(f"{self._ns}:holds", platform)
        pipe.zremrangebyscore(self.key(platform), "-inf", now_ms)
        pipe.zadd(self.key(platform), {name: now_ms + int(seconds * 1000)}, gt=True)
        pipe.execute()

    def refused(self, platform: str, chat: str, within_s: float) -> int:
        """Note that a chat was refused just now; return how many were within the last `within_s`."""
        now_ms, key = self._now_ms(), f"{self._ns}:refused:{platform}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.zadd(key, {chat: now_ms})
        pipe.zremrangebyscore(key, "-inf", now_ms - int(within_s * 1000))
        pipe.zcard(key)
        pipe.pexpire(key, int(within_s * 1000))
        return int(pipe.execute()[2])

    def active(self, platform: str) -> dict[str, float]:
        """Return what is held back now: name -> end, seconds since the epoch."""
        rows: Any = self._redis.zrangebyscore(
            self.key(platform), f"({self._now_ms()}", "+inf", withscores=True
        )
        return {name: end_ms / 1000 for name, end_ms in rows}

    def lift(self, platform: str | None = None) -> None:
        """End the holds of a platform, or of all."""
        names: Any = self._redis.smembers(f"{self._ns}:holds")
        for name in [platform] if platform else names:
            self._redis.delete(self.key(name), f"{self._ns}:refused:{name}")

    def forget(self, platform: str, person: str) -> None:
        """End the holds of a person's private chat, whose id is the person's, and its rate limits."""
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
