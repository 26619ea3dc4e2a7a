"""A small durable memory for adapters: cursors, tokens, preferences. Keys are per platform."""

from __future__ import annotations

from collections.abc import Mapping

from redis import Redis

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
        return value.decode() if isinstance(value, bytes) else None

    def put(self, key: str, value: str, ttl_s: float | None = None) -> None:
        """Write `value`; it is forgotten after `ttl_s` seconds where that is given."""
        self._redis.set(
            f"{self._prefix}:{key}", value, px=None if ttl_s is None else max(1, int(ttl_s * 1000))
        )

    def put_many(self, values: Mapping[str, str], ttl_s: float) -> None:
        """Write several values in one round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for key, value in values.items():
            pipe.set(f"{self._prefix}:{key}", value, px=max(1, int(ttl_s * 1000)))
        pipe.execute()

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
