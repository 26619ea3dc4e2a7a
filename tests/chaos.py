"""Kills everything, again and again, and counts: what was asked, what was answered, lost, doubled.

`python -m tests.chaos --jobs 500` ends with one line of figures, and with 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rich.console import Console
from rich.table import Table

from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import environment_of, eventually

ROOT = Path(__file__).parents[1]
SITE = ROOT / "tests" / "fakes" / "site"
BOTS = {
    "io-1": ("bots", "worker", "io"),
    "io-2": ("bots", "worker", "io"),
    "gpu-1": ("bots", "worker", "gpu"),
    "sweep": ("bots", "sweep"),
    "intake": ("tests.fakes.fake_intake",),
}
KILL_EVERY_S = (1.0, 3.5)
VALKEY_EVERY_S = (8.0, 16.0)
MISCHIEF_RATE = 0.3
"""Of the looks at the wake-ups, ten a second, that drop one or send one twice."""


@dataclass
class Battlefield:
    """One bot under fire."""

    folder: Path
    jobs: int
    seed: int
    reconciles: bool
    kills: dict[str, int] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.settings = Settings(
            data_dir=self.folder / "data",
            redis_url=None,
            engine="painter",
            long_side_px=64,
            lease_s=2,
            limits=Limits(
                cooldown_s=0,
                daily_quota=10**6,
                open_per_person=10**6,
                open_per_conversation=10**6,
                max_wait_s=86_400,
            ),
            queue_penalty_s=0,
            safety_checks=(),
        )
        self.valkey = EmbeddedValkey(self.settings.data_dir / "valkey")
        self.world = self._open_world()
        self._environment = {
            **os.environ,
            **environment_of(self.settings),
            "SUISAI_SAFETY_CHECKS": "[]",
            "SUISAI_FAKE_URL": self.world,
            "SUISAI_FAKE_RECONCILES": str(int(self.reconciles)),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{SITE}",
        }
        self._redis = Redis(
            unix_socket_path=str(self.valkey.socket), socket_timeout=1, retry=Retry(NoBackoff(), 0)
        )

    def _open_world(self) -> str:
        address = self.folder / "world"
        wish = ["--jobs", str(self.jobs), "--seed", str(self.seed), "--address", str(address)]
        self._running["world"] = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.fake_world", *wish], cwd=ROOT
        )
        eventually(address.exists, what="the fake world opens")
        return address.read_text()

    def state(self) -> dict[str, Any]:
        """Return the world's own books."""
        books: dict[str, Any] = httpx.get(f"{self.world}/state", timeout=10).json()
        return books

    def keep_up(self) -> None:
        """Start what is not running."""
        if not self.valkey.is_alive():
            self.valkey.ensure()
        for name, module in BOTS.items():
            process = self._running.get(name)
            if process is None or process.poll() is not None:
                self._start(name, module)

    def _start(self, name: str, module: tuple[str, ...]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", *module],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill_somebody(self) -> None:
        """Kill one process without a warning."""
        name = self.chance.choice(list(BOTS))
        self._running[name].kill()
        self._running[name].wait()
        self.kills[name] = self.kills.get(name, 0) + 1

    def kill_valkey(self) -> None:
        """Kill the server; what was not on its disk is gone."""
        pid = self.valkey.ensure()
        os.kill(pid, signal.SIGKILL)
        self.kills["valkey"] = self.kills.get("valkey", 0) + 1

    def meddle(self) -> None:
        """Drop a wake-up, or send one twice."""
        queue = f"suisai:celery:{self.chance.choice(['fetch', 'render', 'deliver'])}"
        try:
            message: Any = self._redis.lindex(queue, -1)
            if message is None:
                return
            dropped = self.chance.random() < 0.5
            self._redis.rpop(queue) if dropped else self._redis.lpush(queue, message)
        except RedisError:
            return
        what = "wake-ups dropped" if dropped else "wake-ups doubled"
        self.kills[what] = self.kills.get(what, 0) + 1

    def end(self) -> None:
        """End everything."""
        for process in self._running.values():
            process.kill()
            process.wait()
        self._redis.close()
        self.valkey.stop()


def fight(field_: Battlefield, patience_s: float) -> dict[str, Any]:
    """Let the bot work under fire until everybody has an answer, or patience ends."""
    began = time.monotonic()
    due_kill, due_valkey, due_look = 8.0, 12.0, 0.0
    state = field_.state()
    while (now := time.monotonic() - began) < patience_s:
        field_.keep_up()
        if now > due_kill:
            field_.kill_somebody()
            due_kill = now + field_.chance.uniform(*KILL_EVERY_S)
        if now > due_valkey:
            field_.kill_valkey()
            due_valkey = now + field_.chance.uniform(*VALKEY_EVERY_S)
        if field_.chance.random() < MISCHIEF_RATE:
            field_.meddle()
        if now > due_look:
            due_look = now + 0.5
            state = field_.state()
            if len(state["answers"]) == state["of"]:
                break
        time.sleep(0.1)
    calm_until = time.monotonic() + 3 * field_.settings.lease_s
    while time.monotonic() < calm_until:  # whoever would answer twice may do so now
        field_.keep_up()
        time.sleep(0.1)
    return field_.state()


def main() -> int:
    """Fight once; print a table and the closing line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--platform", choices=["fake", "telegram", "x"], default="fake")
    parser.add_argument("--no-reconcile", action="store_true", help="never ask the platform")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--patience", type=float, help="seconds; 60 and one more per job if not set"
    )
    wish = parser.parse_args()
    if wish.platform != "fake":
        parser.error(
            f"{wish.platform} has its own: python -m pytest tests/bots/{wish.platform}/test_crashes.py"
        )
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        field_ = Battlefield(Path(folder), wish.jobs, wish.seed, not wish.no_reconcile)
        try:
            state = fight(field_, wish.patience or 60 + wish.jobs)
        finally:
            field_.end()
    return _tell(state, field_.kills, time.monotonic() - began)


def _tell(state: dict[str, Any], kills: dict[str, int], seconds: float) -> int:
    answers: dict[str, list[str]] = state["answers"]
    table = Table("what happened", "times")
    for what, times in sorted({**kills, **state["counts"]}.items()):
        table.add_row(what if " " in what or what == "floods" else f"{what} killed", str(times))
    Console().print(table)
    said = [all_said[0] for all_said in answers.values()]
    lost = state["of"] - len(answers)
    doubled = sum(len(all_said) - 1 for all_said in answers.values())
    sys.stdout.write(
        f"asked={state['of']} answered={said.count('painting')} apologised={said.count('apology')} "
        f"lost={lost} doubled={doubled} seconds={seconds:.0f}\n"
    )
    return 1 if lost or doubled else 0


if __name__ == "__main__":
    sys.exit(main())
