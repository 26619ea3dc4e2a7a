"""The operator's switches: what is paused, and the surge ladder's step."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from tasks.contract import Quota, Stage
from tasks.records import text
from tasks.scripts import Scripts


@dataclass(frozen=True, slots=True)
class Done:
    """Work that was done in one stage by one process."""

    jobs: int = 0
    calls: int = 0
    """How many batches the jobs were done in."""
    busy_s: float = 0.0


NOTHING = Done()

PAUSABLE = ("intake", *Stage)
"""What can be paused: taking asks in, and each stage."""


class Switches:
    """Pauses by stage and platform, announced quotas and measured capacities."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace
        self._scripts = Scripts(redis, namespace)

    def pause(self, what: str, platform: str | None = None, until: float | None = None) -> None:
        """Pause intake or a stage, of one platform or of all, until a time or until `resume`."""
        field = f"{what}:{platform}" if platform else what
        self._redis.hset(f"{self._ns}:paused", field, int((until or 0) * 1000))

    def resume(self, what: str, platform: str | None = None) -> None:
        """End a pause."""
        self._redis.hdel(f"{self._ns}:paused", f"{what}:{platform}" if platform else what)

    def paused(self) -> dict[str, float]:
        """Return what is paused: name (`render`, `deliver:x`) -> until, 0 for 'until resumed'."""
        now_s = float(self._redis.time()[0])
        table = {
            text(k): int(v) / 1000 for k, v in self._redis.hgetall(f"{self._ns}:paused").items()
        }
        return {name: until for name, until in table.items() if until == 0 or until > now_s}

    def ladder(self) -> str:
        """Return the surge ladder's step: `normal`, `brownout` or `refuse`."""
        return text(self._redis.get(f"{self._ns}:ladder") or b"normal")

    def announce_quota(self, platform: str, quota: Quota | None) -> None:
        """Let admission know what a platform lets the bot send."""
        if quota is None:
            self._redis.hdel(f"{self._ns}:quota", platform)
        else:
            words = f"{quota.count} {int(quota.window_s * 1000)}"
            self._redis.hset(f"{self._ns}:quota", platform, words)

    def report(
        self,
        stage: Stage,
        worker: str,
        jobs_per_s: float,
        latency_s: float,
        stale_s: float = 15.0,
        done: Done = NOTHING,
    ) -> None:
        """Say how fast a worker works, and what it did since its last report.

        Silent workers drop out of the capacity after `stale_s`.
        """
        stale_ms = int(stale_s * 1000)
        counts = (done.jobs, done.calls, int(done.busy_s * 1000))
        self._scripts.run("report", stage, worker, jobs_per_s, latency_s, stale_ms, *counts)

    def announce_engine(self, engine: str, stale_s: float = 60.0) -> None:
        """Say which engine and version paint, so that equal paintings are recognised."""
        self._redis.set(f"{self._ns}:engine", engine, px=int(stale_s * 1000))

    def engine(self) -> str:
        """Return what paints now, empty when no worker has said so lately."""
        return text(self._redis.get(f"{self._ns}:engine") or b"")
