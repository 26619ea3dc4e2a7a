"""A durable key-value store for adapters: cursors, tokens, preferences. Each platform has its own keys.

Values that are written with `person=` are deleted when that person is forgotten. Also reads the server's
clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.client import Pipeline

_COMPARE_AND_SET = """
local now = redis.call('GET', KEYS[1])
if now ~= ARGV[1] and not (now == false and ARGV[3] == '1') then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
if KEYS[2] then
  redis.call('SADD', KEYS[2], unpack(ARGV, 5))
  redis.call('PEXPIRE', KEYS[2], ARGV[4], 'NX')
end
return 1
"""

# The index of a person: a sorted set of the entries that were written with this person -> expiry in
# milliseconds. The index expires with its last entry, so that no id is stored longer than the data.
_INDEX = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', ARGV[2] == '' and 'inf' or string.format('%d', now + ARGV[2]), ARGV[1])
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
if last == 'inf' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIREAT', KEYS[1], last) end
"""

_IN_QUEUE = "queue "
"""Prefix of an index entry for an item of a queue: `queue NAME ITEM`."""

_MEMBER = "member "
"""Prefix of an index entry for a set that contains the person: `member KEY`."""

_MESSAGE = "message "
"""Prefix of an index entry for a message on the platform: `message RECEIPT`."""


@dataclass(frozen=True, slots=True)
class Scheduled:
    """An item of a queue that is ordered by due time."""

    item: str
    value: str
    at: float
    """Due time, seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Members:
    """Members to add to the set under `key`; `ttl_s` counts from the first use of the set."""

    key: str
    members: Sequence[str]
    ttl_s: float
    people: bool = False
    """The members are people, who are removed from the set when they are forgotten."""


class Pending:
    """The result of one command of a batch, available after the batch has run."""

    def __init__(self, results: Sequence[Any], at: int) -> None:
        self._results = results
        self._at = at

    @property
    def value(self) -> Any:  # noqa: ANN401 - what the server sent
        """What the command returned."""
        return self._results[self._at]


class Batch:
    """Commands that are executed in one transaction."""

    def __init__(self, pipe: Pipeline, prefix: str) -> None:
        self._pipe = pipe
        self._prefix = prefix
        self._results: list[Any] = []

    def get(self, key: str) -> Pending:
        """As `KeyValueStore.get`."""
        return self._pending(lambda: self._pipe.get(f"{self._prefix}:{key}"))

    def eval(self, script: str, key: str, *args: str | int) -> Pending:
        """Run a Lua script on a full key, without the platform's prefix."""
        return self._pending(lambda: self._pipe.eval(script, 1, key, *args))

    def run(self) -> None:
        """Run all commands."""
        self._results += self._pipe.execute()

    def _pending(self, add: Callable[[], object]) -> Pending:
        pending = Pending(self._results, len(self._pipe.command_stack))
        add()
        return pending

    def put(self, key: str, value: str, ttl_s: float | None = None, person: str = "") -> None:
        """As `KeyValueStore.put`."""
        self._pipe.set(f"{self._prefix}:{key}", value, px=_ms(ttl_s))
        self.index(person, key, ttl_s)

    def delete(self, *keys: str) -> None:
        """As `KeyValueStore.delete`."""
        self._pipe.delete(*(f"{self._prefix}:{key}" for key in keys))

    def schedule(self, queue: str, item: str, value: str, at: float, person: str = "") -> None:
        """Put an item into a queue, or change its due time and value. `at`: seconds since the epoch."""
        self._pipe.hset(f"{self._prefix}:{queue}:values", item, value)
        self._pipe.zadd(f"{self._prefix}:{queue}", {item: at})
        self.index(person, f"{_IN_QUEUE}{queue} {item}", _QUEUED_S)

    def unschedule(self, queue: str, *items: str) -> None:
        """Remove items from a queue."""
        self._pipe.zrem(f"{self._prefix}:{queue}", *items)
        self._pipe.hdel(f"{self._prefix}:{queue}:values", *items)

    def remove_member(self, key: str, member: str) -> None:
        """Remove a member from the set under `key`."""
        self._pipe.srem(f"{self._prefix}:{key}", member)

    def note_message(self, receipt: str, ttl_s: float, person: str) -> None:
        """Record a message to a person, to delete it on the platform when the person is forgotten.

        `receipt`: its id, as the platform's `retract` expects it. Does nothing if `person` is empty.
        """
        self.index(person, f"{_MESSAGE}{receipt}", ttl_s)

    def index(self, person: str, entry: str, ttl_s: float | None) -> None:
        """Add an entry to a person's index; does nothing if `person` is empty."""
        if person:
            self._pipe.eval(_INDEX, 1, _index(self._prefix, person), entry, _ms(ttl_s) or "")


_QUEUED_S = 30 * 86_400.0
"""Expiry of a queue item's index entry; items are in a queue for less than this."""


class KeyValueStore:
    """Strings by key, shared by all processes of a platform through the ledger's server.

    The parameter `person` of some methods names the person whose data the value is.
    """

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._prefix = prefix

    def get(self, key: str) -> str | None:
        """Return the value of `key`, None if there is none or it has expired."""
        value = self._redis.get(f"{self._prefix}:{key}")
        return None if value is None else str(value)

    def get_many(self, *keys: str) -> list[str | None]:
        """Return the value of each key, None for a missing one. One round trip."""
        values: Any = self._redis.mget([f"{self._prefix}:{key}" for key in keys])
        return list(values)

    def put(self, key: str, value: str, ttl_s: float | None = None, person: str = "") -> None:
        """Write `value`; with `ttl_s` it expires after so many seconds."""
        with self.batch() as batch:
            batch.put(key, value, ttl_s, person)

    def set_if_absent(
        self, key: str, value: str, ttl_s: float | None = None, person: str = ""
    ) -> bool:
        """Write `value` unless the key exists; return whether it was written."""
        with self._pipeline() as pipe:
            pipe.set(f"{self._prefix}:{key}", value, px=_ms(ttl_s), nx=True)
            Batch(pipe, self._prefix).index(person, key, ttl_s)
            return bool(pipe.execute()[0])

    def compare_and_set(
        self, key: str, old: str | None, new: str, person: str = "", also: Members | None = None
    ) -> bool:
        """Write `new` if the current value is `old` (None: no value); return whether it was written.

        `also` is added in the same step if it was.
        """
        keys = [f"{self._prefix}:{each}" for each in (key, *((also.key,) if also else ()))]
        values = [old or "", new, "1" if old is None else "0"]
        if also:
            values += [str(_ms(also.ttl_s)), *also.members]
        with self._pipeline() as pipe:
            pipe.eval(_COMPARE_AND_SET, len(keys), *keys, *values)
            batch = Batch(pipe, self._prefix)
            batch.index(person, key, None)
            if also and also.people:
                for member in also.members:
                    batch.index(member, f"{_MEMBER}{also.key}", also.ttl_s)
            return bool(pipe.execute()[0])

    def increment(self, key: str, amount: int, ttl_s: float | None = None, person: str = "") -> int:
        """Add to the counter under `key` and return its new value; `ttl_s` counts from its first use."""
        with self._pipeline() as pipe:
            pipe.incrby(f"{self._prefix}:{key}", amount)
            if ttl_s is not None:
                pipe.pexpire(f"{self._prefix}:{key}", _ms(ttl_s) or 1, nx=True)
            Batch(pipe, self._prefix).index(person, key, ttl_s)
            return int(pipe.execute()[0])

    def missing_members(self, key: str, members: Sequence[str]) -> list[str]:
        """Return those that are not in the set under `key`."""
        if not members:
            return []
        found: Any = self._redis.smismember(f"{self._prefix}:{key}", list(members))
        return [each for each, has in zip(members, found, strict=True) if not has]

    def delete(self, *keys: str) -> None:
        """Delete these keys."""
        if keys:
            self._redis.delete(*(f"{self._prefix}:{key}" for key in keys))

    @contextmanager
    def batch(self) -> Iterator[Batch]:
        """Collect commands and execute them in one transaction when the block ends."""
        with self._pipeline() as pipe:
            batch = Batch(pipe, self._prefix)
            yield batch
            batch.run()

    def due(self, queue: str, now: float, most: int) -> list[Scheduled]:
        """Return up to `most` items of a queue that are due, the longest overdue first."""
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

    def messages_to(self, person: str) -> tuple[str, ...]:
        """Return the receipts of the messages that were recorded for this person."""
        entries: Any = self._redis.zrange(_index(self._prefix, person), 0, -1)
        return tuple(each.removeprefix(_MESSAGE) for each in entries if each.startswith(_MESSAGE))

    def forget(self, person: str) -> None:
        """Delete everything that was written with this `person`."""
        index = _index(self._prefix, person)
        entries: Any = self._redis.zrange(index, 0, -1)
        with self.batch() as batch:
            for entry in entries:
                if entry.startswith(_IN_QUEUE):
                    _, queue, item = entry.split(" ", 2)
                    batch.unschedule(queue, item)
                elif entry.startswith(_MEMBER):
                    batch.remove_member(entry.removeprefix(_MEMBER), person)
                elif not entry.startswith(_MESSAGE):
                    batch.delete(entry)
            batch.delete(f"person:{person}")

    def _pipeline(self) -> Pipeline:
        return self._redis.pipeline(transaction=True)


def _index(prefix: str, person: str) -> str:
    return f"{prefix}:person:{person}"


def _ms(ttl_s: float | None) -> int | None:
    return None if ttl_s is None else max(1, int(ttl_s * 1000))


def server_time(redis: Redis) -> float:
    """Return the time of the Redis or Valkey server, seconds since the epoch."""
    seconds, micros = redis.time()
    return float(seconds) + float(micros) / 1e6
