"""Statistics of all processes and jobs, read from the ledger in a few round trips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.heartbeat import Process
from tasks.models import OverloadLevel, RateLimit, Stage
from tasks.routing import Drain
from tasks.services import Services

WAIT_BOUNDS_S = (1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600)
"""Upper bounds of the histogram buckets in which `finish.lua` counts the waits."""


@dataclass(frozen=True, slots=True)
class StageStats:
    """The current state of one stage."""

    ready: Mapping[str, int]
    """Ready jobs by lane: a platform, or in `render` a platform, a shape and perhaps `@` and a model."""
    leased: int
    """Number of jobs that workers have claimed."""
    oldest_s: float
    """Age of the oldest ready job in seconds, 0 if there is none."""
    jobs_per_s: float
    """Measured throughput of all live workers."""
    latency_s: float
    """Seconds that one job takes."""
    workers: Mapping[str, float]
    """Jobs per second of each worker that reported recently."""

    @property
    def waiting(self) -> int:
        """Number of all ready jobs of the stage."""
        return sum(self.ready.values())


@dataclass(frozen=True, slots=True)
class ModelStats:
    """What became of the jobs of one model since the ledger began."""

    workers: int
    """Living workers that paint with it and take jobs."""
    waiting: int
    """Ready jobs that are routed to it."""
    routed: int
    """Jobs that were routed to it, by tier or as a canary."""
    painted: int
    failed: int
    """Attempts to paint with it that failed."""
    missed: int
    """Jobs that were routed to it and painted by another model, because no worker had it."""


@dataclass(frozen=True, slots=True)
class FleetStats:
    """The state of the whole bot at one time."""

    at: float
    """Seconds since the epoch, by the ledger's clock."""
    stages: Mapping[Stage, StageStats]
    delayed: int
    """Number of jobs that wait for their next attempt."""
    dead: int
    overload_level: OverloadLevel
    paused: Mapping[str, float]
    """Name of what is paused -> end in seconds since the epoch, 0 for 'until resumed'."""
    quotas: Mapping[str, RateLimit]
    counts: Mapping[str, int]
    """All counters since the ledger was created; names as in the scripts."""
    processes: tuple[Process, ...]
    draining: Mapping[str, Drain]
    """Processes that take no new job, and what each does once it holds none."""
    models: Mapping[str, ModelStats]
    """By name: every model that paints, that jobs are routed to, or that has painted."""
    memory_bytes: int
    """Memory that the ledger's server uses."""
    memory_limit_bytes: int
    """The server's limit, or the machine's memory if it has none."""

    def total(self, what: str, last: str = "") -> int:
        """Sum the counters `what` and `what:...`; with `last`, only those that end with `:last`."""
        return sum(
            value
            for name, value in self.counts.items()
            if name.partition(":")[0] == what and (not last or name.endswith(f":{last}"))
        )


def read_stats(services: Services) -> FleetStats:
    """Read all statistics. Raises `RedisError`."""
    first = _first_trip(services)
    lanes = {s: sorted(found) for s, found in zip(Stage, first["lanes"], strict=True)}
    sizes = _lane_sizes(services, lanes)
    now_s = first["now"]
    stages = {}
    for stage, leased, workers in zip(Stage, first["leased"], first["workers"], strict=True):
        ready = {lane: sizes[stage, lane][0] for lane in lanes[stage]}
        oldest_ms = [at for lane in lanes[stage] if (at := sizes[stage, lane][1])]
        stages[stage] = StageStats(
            ready=ready,
            leased=int(leased),
            oldest_s=max(0.0, now_s - min(oldest_ms) / 1000) if oldest_ms else 0.0,
            jobs_per_s=float(first["capacity"].get(stage, 0)) if workers else 0.0,
            latency_s=float(first["latency"].get(stage, 0)),
            workers=_rates(workers, now_s),
        )
    counts = {name: int(value) for name, value in first["counts"].items()}
    return FleetStats(
        at=now_s,
        stages=stages,
        delayed=int(first["later"]),
        dead=int(first["dead"]),
        overload_level=services.controls.overload_level(),
        paused=services.controls.paused(),
        quotas=_quotas(first["quota"]),
        counts=counts,
        processes=services.heartbeats.alive(),
        draining=services.routing.draining(),
        models=_models(services, counts, stages[Stage.RENDER].ready),
        memory_bytes=int(first["memory"]["used_memory"]),
        memory_limit_bytes=_limit(first["memory"]),
    )


def _first_trip(services: Services) -> dict[str, Any]:
    ns = services.settings.namespace
    pipe = services.redis.pipeline(transaction=False)
    pipe.time()
    pipe.info("memory")
    for name in ("counts", "capacity", "latency", "quota"):
        pipe.hgetall(f"{ns}:{name}")
    pipe.zcard(f"{ns}:delayed")
    pipe.zcard(f"{ns}:dead")
    for stage in Stage:
        pipe.smembers(f"{ns}:lanes:{stage}")
        pipe.zcard(f"{ns}:leases:{stage}")
        pipe.hgetall(f"{ns}:workers:{stage}")
    (seconds, micros), memory, counts, capacity, latency, quota, later, dead, *rest = pipe.execute()
    return {
        "now": float(seconds) + float(micros) / 1e6,
        "memory": memory,
        "counts": counts,
        "capacity": capacity,
        "latency": latency,
        "quota": quota,
        "later": later,
        "dead": dead,
        "lanes": rest[::3],
        "leased": rest[1::3],
        "workers": rest[2::3],
    }


def _models(
    services: Services, counts: Mapping[str, int], ready: Mapping[str, int]
) -> dict[str, ModelStats]:
    painting = [worker.model for worker in services.routing.workers().values()]
    counted = {name.partition(":")[2] for name in counts if name.startswith("model-")}
    settings = services.settings
    routed = set(settings.tier_models.values())
    if settings.canary is not None:
        routed.add(settings.canary.model)
    return {
        model: ModelStats(
            workers=painting.count(model),
            waiting=sum(n for lane, n in ready.items() if lane.partition("@")[2] == model),
            routed=counts.get(f"model-routed:{model}", 0),
            painted=counts.get(f"model-painted:{model}", 0),
            failed=counts.get(f"model-failed:{model}", 0),
            missed=counts.get(f"model-missed:{model}", 0),
        )
        for model in sorted({*painting, *counted, *routed})
    }


def _limit(memory: Mapping[str, int]) -> int:
    return int(memory.get("maxmemory", 0)) or int(memory.get("total_system_memory", 0))


def _lane_sizes(
    services: Services, lanes: Mapping[Stage, list[str]]
) -> dict[tuple[Stage, str], tuple[int, float]]:
    """Return size and lowest score (ms, 0 if empty) of every lane."""
    ns = services.settings.namespace
    names = [(stage, lane) for stage in Stage for lane in lanes[stage]]
    pipe = services.redis.pipeline(transaction=False)
    for stage, lane in names:
        pipe.zcard(f"{ns}:ready:{stage}:{lane}")
        pipe.zrange(f"{ns}:ready:{stage}:{lane}", 0, 0, withscores=True)
    rows = pipe.execute()
    return {
        name: (int(size), float(first[0][1]) if first else 0.0)
        for name, size, first in zip(names, rows[::2], rows[1::2], strict=True)
    }


def _rates(workers: Mapping[str, str], now_s: float) -> dict[str, float]:
    rates = {}
    for name, line in workers.items():
        stale_ms, jobs_per_s, _ = line.split(" ")
        if int(stale_ms) / 1000 >= now_s:
            rates[name] = float(jobs_per_s)
    return rates


def _quotas(table: Mapping[str, str]) -> dict[str, RateLimit]:
    pairs = {platform: words.split(" ") for platform, words in table.items()}
    return {name: RateLimit(int(count), int(ms) / 1000) for name, (count, ms) in pairs.items()}
