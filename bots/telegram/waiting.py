"""Who waits with a placeholder in view, and when each is looked at again. Outlives restarts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redis import Redis

from tasks.contract import Stage, Standing
from tasks.records import text

_DISTANCES_S = (1, 2, 3, 4, 5, 7, 9, 12, 16)
"""Between one look and the next; then ever longer by half."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One placeholder."""

    job_id: str
    message: str
    """The placeholder's message id, or `inline:` and its inline message id."""
    looks: int = 0
    said: str = ""
    """What it says, as a short code."""


class WaitingList:
    """The placeholders of the whole bot: a sorted set by the time of the next look, and a hash."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._when = f"{namespace}:notes:telegram:waiting"
        self._what = f"{namespace}:notes:telegram:watched"

    def add(self, watch: Watch, at: float) -> None:
        """Look at this placeholder at `at` (seconds since the epoch)."""
        fields = f"{watch.looks} {watch.message} {watch.said}"
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._what, watch.job_id, fields)
        pipe.zadd(self._when, {watch.job_id: at})
        pipe.execute()

    def due(self, now: float, most: int) -> list[Watch]:
        """Return the placeholders whose time has come, the longest overdue first."""
        ids: Sequence[Any] = self._redis.zrangebyscore(self._when, "-inf", now, start=0, num=most)
        if not ids:
            return []
        rows: Sequence[Any] = self._redis.hmget(self._what, [text(each) for each in ids])
        return [_watch(text(each), row) for each, row in zip(ids, rows, strict=True)]

    def drop(self, job_id: str) -> None:
        """Look at this one no more."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.zrem(self._when, job_id)
        pipe.hdel(self._what, job_id)
        pipe.execute()


def looked(watch: Watch, said: str, at_most_every_s: float) -> tuple[Watch, float]:
    """Return the watch after a look that said something new, and the seconds until the next look."""
    looks = watch.looks + 1
    return replace(watch, looks=looks, said=said), max(at_most_every_s, distance_s(looks))


def distance_s(looks: int) -> float:
    """Return how long after its n-th look (1 for the first) a placeholder is left alone."""
    if looks <= len(_DISTANCES_S):
        return float(_DISTANCES_S[looks - 1])
    return _DISTANCES_S[-1] * 1.5 ** (looks - len(_DISTANCES_S))


def standing_code(standing: Standing) -> str:
    """Name what a person would be told; small changes of the wait are not worth an edit."""
    if standing.outcome is not None:
        return f"ended:{standing.outcome.value}"
    if standing.stage is Stage.DELIVER:
        return "delivering"
    if standing.position == 0:
        return f"{standing.stage}:at-work:{round(standing.progress * 4)}"
    return f"{standing.stage}:{standing.position}:{round(standing.wait_s / 10)}"


def _watch(job_id: str, row: bytes | None) -> Watch:
    looks, message, said = (row or b"0 0 ").decode().split(" ", 2)
    return Watch(job_id, message, int(looks), said)
