"""Control data that all processes share: pauses, announced quotas, measured capacity, overload level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis import Redis

from tasks.ledger.scripts import Scripts
from tasks.models import OverloadLevel, RateLimit, Stage
from tasks.rate_limit import Holds


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Work that was done in one stage by one process."""

    jobs: int = 0
    calls: int = 0
    """Number of batches."""
    busy_s: float = 0.0


NO_WORK = WorkDone()


@dataclass(frozen=True, slots=True)
class StageReport:
    """A worker's report about one stage."""

    stage: Stage
    jobs_per_s: float
    latency_s: float
    """Seconds per job."""
    done: WorkDone = NO_WORK
    """The work since the last report."""


class Controls:
    """Pauses by stage and platform, announced quotas and measured capacities."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace
        self._scripts = Scripts(redis, namespace)

    def pause(self, what: str, platform: str | None = None, until: float | None = None) -> None:
        """Pause intake or a stage, of one platform or of all.

        With `until` (seconds since the epoch) the pause ends by itself; the latest end counts. Without,
        it is an operator's pause, which only `resume` ends.
        """
        field = _name(what, platform)
        if until is None:
            self._redis.hset(f"{self._ns}:paused", field, 0)
        else:
            self._scripts.run("pause_until", field, int(until * 1000))

    def resume(self, what: str, platform: str | None = None) -> None:
        """End a pause, also one with an end; for `deliver` also end the platform's holds."""
        for kind in ("paused", "paused_until"):
            self._redis.hdel(f"{self._ns}:{kind}", _name(what, platform))
        if what == Stage.DELIVER:
            Holds(self._redis, self._ns).lift(platform)

    def paused(self) -> dict[str, float]:
        """Return what is paused: name (`render`, `deliver:x`) -> until, 0 for 'until resumed'."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.hgetall(f"{self._ns}:paused_until")
        pipe.hkeys(f"{self._ns}:paused")
        (now_s, _), until_ms, by_operator = pipe.execute()
        ends = {name: int(end) / 1000 for name, end in until_ms.items()}
        paused = {name: end for name, end in ends.items() if end > float(now_s)}
        return paused | dict.fromkeys(by_operator, 0.0)

    def overload_level(self) -> OverloadLevel:
        """Return the current overload level."""
        level = self._redis.get(f"{self._ns}:overload_level")
        return OverloadLevel(str(level)) if level else OverloadLevel.NORMAL

    def counts(self) -> dict[str, int]:
        """Return all counters since the ledger was created; names as in the scripts."""
        stored: Any = self._redis.hgetall(f"{self._ns}:counts")
        return {name: int(count) for name, count in stored.items()}

    def announce_quota(self, platform: str, quota: RateLimit | None) -> None:
        """Record how many answers a platform allows; expected waits depend on it."""
        if quota is None:
            self._redis.hdel(f"{self._ns}:quota", platform)
        else:
            written = f"{quota.count} {int(quota.window_s * 1000)}"
            self._redis.hset(f"{self._ns}:quota", platform, written)

    def report(
        self,
        stage: Stage,
        worker: str,
        jobs_per_s: float,
        latency_s: float,
        stale_s: float = 15.0,
        done: WorkDone = NO_WORK,
    ) -> None:
        """Record a worker's throughput in one stage, like `report_all`."""
        self.report_all(worker, [StageReport(stage, jobs_per_s, latency_s, done)], stale_s)

    def report_all(
        self, worker: str, reports: Sequence[StageReport], stale_s: float = 15.0
    ) -> None:
        """Record a worker's throughput, and its work since the last report.

        After `stale_s` without a report a worker no longer counts towards the capacity.
        """
        args: list[str | int | float] = []
        for each in reports:
            args += [each.stage, worker, each.jobs_per_s, each.latency_s, int(stale_s * 1000)]
            args += [each.done.jobs, each.done.calls, int(each.done.busy_s * 1000)]
        if args:
            self._scripts.run("report", *args)


def _name(what: str, platform: str | None) -> str:
    return f"{what}:{platform}" if platform else what
