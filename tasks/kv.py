"""A small durable memory for adapters: cursors, tokens, preferences. Keys are per platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.client import Pipeline

_REPLACE = """
local now = redis.call('GET', KEYS[1])
if now ~= ARGV[1] and not (now == false and ARGV[3] == '1') then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""


class KeyValueStore:
    """Strings by key, in the ledger's store, so that every process of a platform reads the same."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    def get(self, key: str) -> str | None:
        """Return what was written under `key`, None when nothing was or its time is over."""
        value = self._redis.get(f"{self._prefix}:{key}")
        return None if value is None else str(value)

    def get_many(self, *keys: str) -> list[str | None]:
        """Return what was written under each key, None where nothing was. One round trip."""
        values: Any = self._redis.mget([f"{self._prefix}:{key}" for key in keys])
        return list(values)

    def put(self, key: str, value: str, ttl_s: float | None = None) -> None:
        """Write `value`; it is forgotten after `ttl_s` seconds where that is given."""
        self._redis.set(
            f"{self._prefix}:{key}", value, px=None if ttl_s is None else max(1, int(ttl_s * 1000))
        )

    def set_if_absent(self, key: str, value: str, ttl_s: float | None = None) -> bool:
        """Write `value` unless something stands there; tell whether it was written."""
        px = None if ttl_s is None else max(1, int(ttl_s * 1000))
        return bool(self._redis.set(f"{self._prefix}:{key}", value, px=px, nx=True))

    def compare_and_set(self, key: str, old: str | None, new: str) -> bool:
        """Write `new` only while `old` stands there (None: nothing); tell whether it was written."""
        done = self._redis.eval(
            _REPLACE, 1, f"{self._prefix}:{key}", old or "", new, "1" if old is None else "0"
        )
        return bool(done)

    def increment(self, key: str, amount: int, ttl_s: float | None = None) -> int:
        """Add to the counter under `key` and return the sum; `ttl_s` counts from its first use."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.incrby(f"{self._prefix}:{key}", amount)
        if ttl_s is not None:
            pipe.pexpire(f"{self._prefix}:{key}", max(1, int(ttl_s * 1000)), nx=True)
        return int(pipe.execute()[0])

    def delete(self, *keys: str) -> None:
        """Forget these keys."""
        if keys:
            self._redis.delete(*(f"{self._prefix}:{key}" for key in keys))

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Collect writes and make them in one round trip when the block ends."""
        pipe = self._redis.pipeline(transaction=True)
        yield Batch(pipe, self._prefix)
        pipe.execute()

    def due(self, queue: str, now: float, most: int) -> list[Scheduled]:
        """Return items of a queue whose time has come, the longest overdue first."""
        name = f"{self._prefix}:{queue}"
        rows: Any = self._redis.zrangebyscore(name, "-inf", now, start=0, num=most, withscores=True)
        return self._with_values(queue, rows)

    def scheduled(self, queue: str) -> list[Scheduled]:
        """Return every item of a queue, the earliest first."""
        rows: Any = self._redis.zrange(f"{self._prefix}:{queue}", 0, -1, withscores=True)
        return self._with_values(queue, rows)

    def _with_values(self, queue: str, rows: Sequence[tuple[Any, float]]) -> list[Scheduled]:
        if not rows:
            return []
        items = [item for item, _ in rows]
        values: Any = self._redis.hmget(f"{self._prefix}:{queue}:values", items)
        return [
            Scheduled(item, value or "", at)
            for item, value, (_, at) in zip(items, values, rows, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An item of a queue that is ordered by time."""

    item: str
    value: str
    at: float
    """When it is due, seconds since the epoch."""


class Batch:
    """Writes that are made together."""

    def __init__(self, pipe: Pipeline, prefix: str) -> None:
        self._pipe = pipe
        self._prefix = prefix

    def put(self, key: str, value: str, ttl_s: float | None = None) -> None:
        """As `KeyValueStore.put`."""
        px = None if ttl_s is None else max(1, int(ttl_s * 1000))
        self._pipe.set(f"{self._prefix}:{key}", value, px=px)

    def delete(self, *keys: str) -> None:
        """As `KeyValueStore.delete`."""
        self._pipe.delete(*(f"{self._prefix}:{key}" for key in keys))

    def schedule(self, queue: str, item: str, value: str, at: float) -> None:
        """Put an item into a queue, or move it there to another time."""
        self._pipe.hset(f"{self._prefix}:{queue}:values", item, value)
        self._pipe.zadd(f"{self._prefix}:{queue}", {item: at})

    def unschedule(self, queue: str, *items: str) -> None:
        """Take items out of a queue."""
        self._pipe.zrem(f"{self._prefix}:{queue}", *items)
        self._pipe.hdel(f"{self._prefix}:{queue}:values", *items)
