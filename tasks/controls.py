"""The operator's switches: what is paused, and the surge ladder's step."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis

from tasks.holds import Holds
from tasks.ledger.records import text
from tasks.ledger.scripts import Scripts
from tasks.models import RateLimit, Stage


@dataclass(frozen=True, slots=True)
class WorkDone:
    """Work that was done in one stage by one process."""

    jobs: int = 0
    calls: int = 0
    """How many batches the jobs were done in."""
    busy_s: float = 0.0


NO_WORK = WorkDone()

PAUSABLE = ("intake", *Stage)
"""What can be paused: taking asks in, and each stage."""


class Controls:
    """Pauses by stage and platform, announced quotas and measured capacities."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace
        self._scripts = Scripts(redis, namespace)

    def pause(self, what: str, platform: str | None = None, until: float | None = None) -> None:
        """Pause intake or a stage, of one platform or of all.

        With `until` it rests until that time (the longest such rest counts); without, it is the
        operator's pause that only `resume` ends.
        """
        field = _name(what, platform)
        if until is None:
            self._redis.hset(f"{self._ns}:paused", field, 0)
        else:
            self._scripts.run("rest", field, int(until * 1000))

    def resume(self, what: str, platform: str | None = None) -> None:
        """End a pause, whoever began it; with delivery also what platforms hold back."""
        for kind in ("paused", "resting"):
            self._redis.hdel(f"{self._ns}:{kind}", _name(what, platform))
        if what == Stage.DELIVER:
            Holds(self._redis, self._ns).lift(platform)

    def paused(self) -> dict[str, float]:
        """Return what is paused: name (`render`, `deliver:x`) -> until, 0 for 'until resumed'."""
        now_s = float(self._redis.time()[0])
        resting = self._redis.hgetall(f"{self._ns}:resting").items()
        rests = {text(name): int(until) / 1000 for name, until in resting}
        held = map(text, self._redis.hkeys(f"{self._ns}:paused"))
        return {name: until for name, until in rests.items() if until > now_s} | dict.fromkeys(
            held, 0.0
        )

    def overload_level(self) -> str:
        """Return the surge ladder's step: `normal`, `brownout` or `refuse`."""
        return text(self._redis.get(f"{self._ns}:ladder") or b"normal")

    def announce_quota(self, platform: str, quota: RateLimit | None) -> None:
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
        done: WorkDone = NO_WORK,
    ) -> None:
        """Say how fast a worker works, and what it did since its last report.

        Silent workers drop out of the capacity after `stale_s`.
        """
        stale_ms = int(stale_s * 1000)
        counts = (done.jobs, done.calls, int(done.busy_s * 1000))
        self._scripts.run("report", stage, worker, jobs_per_s, latency_s, stale_ms, *counts)

    def announce_engine(self, engine: str, stale_s: float = 60.0) -> None:
        """Say which engine and version paint: the pictures of another one are not given out any more."""
        self._redis.set(f"{self._ns}:engine", engine, px=int(stale_s * 1000))

    def engine(self) -> str:
        """Return what paints now, empty when no worker has said so lately."""
        return text(self._redis.get(f"{self._ns}:engine") or b"")


def _name(what: str, platform: str | None) -> str:
    return f"{what}:{platform}" if platform else what
