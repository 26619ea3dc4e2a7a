"""Starts, kills and restarts the processes and the Valkey of one bot."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tasks.controls import Controls
from tasks.heartbeat import Heartbeats
from tasks.models import Stage
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.preloaded import ForkedProcess, start
from tests.stack import environment_of
from tools.chaos.fake import ROOT
from tools.chaos.platform import ChaosPlatform

PROCESSES = {
    "io-1": ("bots", "worker", "io"),
    "io-2": ("bots", "worker", "io"),
    "gpu-1": ("bots", "worker", "gpu"),
    "sweep": ("bots", "sweep"),
    "web": ("bots", "web", "--port", "0"),
}
GRACE_S = 30
"""Maximum time for a process to end after SIGTERM, as in production."""


class ChaosRun:
    """One bot on one platform."""

    def __init__(self, folder: Path, platform: ChaosPlatform, seed: int) -> None:
        self.platform = platform
        self.rng = random.Random(seed)
        self.counts: Counter[str] = Counter()
        """Disturbance -> how often."""
        self.unclean: list[str] = []
        """Processes that did not end cleanly on SIGTERM."""
        self.settings = _settings(folder)
        self.valkey = EmbeddedValkey(self.settings.data_dir / "valkey")
        self._folder = folder
        self._bots: dict[str, Sequence[str]] = {**PROCESSES, "listener": platform.listener}
        self._running: dict[str, ForkedProcess] = {}
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            **environment_of(self.settings),
            "SUISAI_SAFETY_CHECKS": "[]",
            **platform.environment,
        }
        self._redis = Redis(
            unix_socket_path=str(self.valkey.socket),
            socket_timeout=1,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._presence = Heartbeats(self._redis, self.settings.namespace)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all processes but the server."""
        return tuple(self._bots)

    def running(self) -> set[str]:
        """Return the names of the processes that run and send heartbeats; empty if the server is down."""
        try:
            present = {each.name.rpartition(":")[2] for each in self._presence.alive()}
        except RedisError:
            return set()
        running = {name: each for name, each in self._running.items() if each.poll() is None}
        return {name for name, process in running.items() if str(process.pid) in present}

    def start_missing(self) -> None:
        """Start every process that is not running."""
        if not self.valkey.is_alive():
            self.valkey.ensure()
        for name in self._bots:
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                self._start(name)

    def _start(self, name: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            module, *arguments = self._bots[name]
            self._running[name] = start(module, arguments, self._environment, output=log)

    def kill(self, name: str) -> None:
        """Kill a process with SIGKILL."""
        self._running[name].kill()
        self._running[name].wait()
        self.counts[f"{name} killed"] += 1

    def kill_valkey(self) -> None:
        """Kill the server; data that is not on its disk is lost."""
        os.kill(self.valkey.ensure(), signal.SIGKILL)
        self.counts["valkey killed"] += 1

    def restart(self, name: str) -> None:
        """Stop a process with SIGTERM, as an upgrade does, and start it again."""
        process = self._running[name]
        process.terminate()
        try:
            code = process.wait(timeout=GRACE_S)
        except subprocess.TimeoutExpired:
            self.unclean.append(f"{name} did not end within {GRACE_S} s")
            process.kill()
            process.wait()
        else:
            if code not in (0, -signal.SIGTERM):
                self.unclean.append(f"{name} ended with {code}")
        self.counts[f"{name} restarted"] += 1
        self._start(name)

    def resume(self) -> None:
        """Resume delivery, like an operator who has fixed its cause."""
        with suppress(RedisError):
            for name in self.platform.resumes:
                Controls(self._redis, self.settings.namespace).resume(Stage.DELIVER, name)

    def audit(self) -> list[str]:
        """Let the platform check its invariants other than the answers; return the violations."""
        self.start_missing()
        counts, broken = self.platform.audit(self._redis, self.settings.namespace)
        self.counts.update(counts)
        return broken

    def disturb_wakeups(self) -> None:
        """Drop a wake-up, or send one twice."""
        queue = f"suisai:celery:{self.rng.choice(['fetch', 'render', 'deliver'])}"
        try:
            message: Any = self._redis.lindex(queue, -1)
            if message is None:
                return
            dropped = self.rng.random() < 0.5
            self._redis.rpop(queue) if dropped else self._redis.lpush(queue, message)
        except RedisError:
            return
        self.counts["wake-ups dropped" if dropped else "wake-ups repeated"] += 1

    def end(self) -> None:
        """End all processes."""
        for process in self._running.values():
            process.kill()
            process.wait()
        self._redis.close()
        self.valkey.stop()
        self.platform.close()


def _settings(folder: Path) -> Settings:
    limits = Limits(
        cooldown_s=0,
        daily_quota=10**6,
        open_per_person=10**6,
        open_per_conversation=10**6,
        max_wait_s=86_400,
    )
    return Settings(
        data_dir=folder / "data",
        redis_url=None,
        engine="painter",
        long_side_px=64,
        lease_s=2,
        limits=limits,
        queue_penalty_s=0,
        safety_checks=(),
    )
