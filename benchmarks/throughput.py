"""Jobs per second through the whole bot without painting: `python -m benchmarks.throughput`.

Each row has a number of io and gpu workers; every job is admitted, fetched (a small photo, opened in the
sandbox), stored unpainted and answered. The column `x first` is the growth relative to the first row.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bots.loadtest.platform import NAME
from tasks.models import PaintRequest, PhotoRef
from tasks.services import Services, embedded_valkey, open_services
from tasks.settings import Limits, Settings
from tasks.stats import FleetStats, read_stats
from tasks.worker.celery_app import make_app, make_wake
from tests.stack import environment_of, eventually


@dataclass(frozen=True, slots=True)
class WorkersRow:
    """One measurement."""

    workers: int
    jobs_per_s: float
    growth: float
    admitted_per_s: float
    busy_ms: dict[str, float]
    """Worker time per job, by stage."""


def measure(workers: int, jobs: int, first: WorkersRow | None) -> WorkersRow:
    """Start a new bot and run `jobs` jobs through it."""
    with tempfile.TemporaryDirectory(prefix="suisai-bench-") as folder:
        settings = Settings(
            data_dir=Path(folder),
            redis_url=None,
            blob_url=None,
            safety_checks=(),
            limits=Limits(cooldown_s=0, max_wait_s=86_400),
        )
        valkey = embedded_valkey(settings)
        valkey.ensure()
        services = open_services(settings, make_wake(make_app(settings)))
        try:
            with _workers(settings, workers):
                eventually(lambda: len(services.heartbeats.alive()) == 2 * workers, 60)
                return _run(services, workers, jobs, first)
        finally:
            services.redis.close()
            valkey.stop()


def _run(services: Services, workers: int, jobs: int, first: WorkersRow | None) -> WorkersRow:
    began = time.monotonic()
    for number in range(jobs):
        person = f"p{number}"
        services.ledger.admit(
            PaintRequest(NAME, person, person, person, (PhotoRef(person),), seed=1)
        )
    admitted_s = time.monotonic() - began
    stats = eventually(lambda: _when_all_ended(services, jobs), 300, "all jobs answered")
    rate = jobs / (time.monotonic() - began)
    busy = {str(s): stats.counts.get(f"busy-ms:{s}", 0) / jobs for s in stats.stages}
    return WorkersRow(
        workers, rate, rate / first.jobs_per_s if first else 1.0, jobs / admitted_s, busy
    )


def _when_all_ended(services: Services, jobs: int) -> FleetStats | None:
    stats = read_stats(services)
    return stats if stats.total("ended") == jobs else None


@contextmanager
def _workers(settings: Settings, count: int) -> Iterator[None]:
    environment = {**os.environ, **environment_of(settings), "SUISAI_SAFETY_CHECKS": "[]"}
    commands = [["-m", "bots", "worker", "io"], ["-m", "benchmarks._noop_worker"]] * count
    running = [
        subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows: list[WorkersRow] = []
    for count in options.workers:
        rows.append(measure(count, options.jobs, rows[0] if rows else None))
    if options.json:
        sys.stdout.write(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
        return
    table = Table("io + gpu workers", "jobs/s", "x first", "admitted/s", "worker ms per job")
    for row in rows:
        busy = ", ".join(f"{stage} {ms:.1f}" for stage, ms in row.busy_ms.items())
        table.add_row(
            f"{row.workers} + {row.workers}",
            f"{row.jobs_per_s:.1f}",
            f"{row.growth:.2f}",
            f"{row.admitted_per_s:.0f}",
            busy,
        )
    Console().print(table)


if __name__ == "__main__":
    main()
