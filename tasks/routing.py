"""Decides which painting worker gets which job: models by tier, a canary share, drained workers.

A job gets its model when its photos are fetched: the model of its person's tier (`SUISAI_TIER_MODELS`), or
the canary (`SUISAI_CANARY`) for a share of all jobs, picked by a hash of the job's id. Only workers with
this model claim it, as long as one of them is alive and not drained. Otherwise any worker paints it, so that
no job waits for a model without a worker. `ledger/lua/routing.lua` applies these rules to every claim.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from redis import Redis

from tasks.kv import server_time
from tasks.models import Stage
from tasks.settings import EVERYBODY, Settings

STALE_S = 15.0
"""How long a worker counts as alive after its last announcement; workers announce themselves every 5 s."""

Drain = Literal["wait", "end"]
"""What a drained process does when it holds no more jobs: stay idle, or end."""


@dataclass(frozen=True, slots=True)
class PaintingWorker:
    """Engine and model of a worker of `render`; the fields contain no white space."""

    engine: str
    """`painter` or `diffusion`."""
    model: str
    """Name of the diffusion model; the engine's own name if it has no models."""
    edition: str
    """Engine and version; workers with equal editions paint equal pictures."""


def model_for(settings: Settings, tier: str | None, job_id: str) -> str:
    """Return the model that should paint a job, empty for any model."""
    canary = settings.canary
    if canary is not None and in_share(job_id, canary.share):
        return canary.model
    models = settings.tier_models
    return models.get(tier or "", models.get(EVERYBODY, ""))


def in_share(job_id: str, share: float) -> bool:
    """Return whether a job belongs to a share (0..1) of all jobs; always the same result for a job."""
    digest = hashlib.blake2b(f"canary\0{job_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) < share * 2**64


def models_of_gpus(settings: Settings, gpus: int) -> list[str]:
    """Return the model for each GPU of this machine: those of the settings in turn, else `SUISAI_MODEL`."""
    named = list(settings.tier_models.values())
    if settings.canary is not None:
        named.append(settings.canary.model)
    models = list(dict.fromkeys(named)) or [settings.model]
    return [models[number % len(models)] for number in range(gpus)]


def queues_of(painting: PaintingWorker) -> tuple[str, ...]:
    """Return the queues of wake-ups that a worker of `render` listens to, the most general first."""
    own = dict.fromkeys((painting.engine, painting.model))
    return (str(Stage.RENDER), *(f"{Stage.RENDER}.{name}" for name in own))


def stage_of(queue: str) -> Stage:
    """Return the stage whose workers listen to a queue of wake-ups."""
    return Stage(queue.partition(".")[0])


class Routing:
    """The painting workers that take jobs, and the processes that are drained."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._ns = namespace

    def announce(self, worker: str, painting: PaintingWorker, stale_s: float = STALE_S) -> None:
        """Record that a worker is alive, and its engine and model."""
        stale_ms = int((server_time(self._redis) + stale_s) * 1000)
        fields = (str(stale_ms), painting.engine, painting.model, painting.edition)
        self._redis.hset(f"{self._ns}:painters", worker, " ".join(fields))

    def leave(self, worker: str) -> None:
        """Record that a worker no longer takes jobs."""
        self._redis.hdel(f"{self._ns}:painters", worker)

    def workers(self) -> dict[str, PaintingWorker]:
        """Return the live painting workers that take jobs; stale entries are removed."""
        now_ms = server_time(self._redis) * 1000
        lines: Any = self._redis.hgetall(f"{self._ns}:painters")
        drained = self.draining()
        alive, stale = {}, []
        for worker, line in lines.items():
            stale_ms, engine, model, edition = line.split(" ")
            if float(stale_ms) < now_ms:
                stale.append(worker)
            elif worker.rpartition(":")[0] not in drained:
                alive[worker] = PaintingWorker(engine, model, edition)
        if stale:
            self._redis.hdel(f"{self._ns}:painters", *stale)
        return alive

    def drain(self, process: str, then: Drain) -> None:
        """Let a process finish its jobs and claim no new ones."""
        self._redis.hset(f"{self._ns}:draining", process, then)

    def undrain(self, process: str) -> bool:
        """Let a process claim jobs again; return whether it was drained. Each process calls it at start."""
        return bool(self._redis.hdel(f"{self._ns}:draining", process))

    def draining(self) -> Mapping[str, Drain]:
        """Return the drained processes, and what each does when it holds no more jobs."""
        found: Any = self._redis.hgetall(f"{self._ns}:draining")
        return dict(found)

    def holds_jobs(self, worker: str) -> bool:
        """Return whether a worker holds a lease."""
        return bool(self._redis.exists(f"{self._ns}:claims:{worker}"))
