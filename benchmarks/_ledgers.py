"""Ledgers on real servers for the benchmarks, requests to fill them, and the cost of work on them."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasks.ledger.records import job_id_of
from tasks.models import PaintRequest, PhotoRef, Stage
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey

PROCESSES = 2
TRIP = 100
"""Requests per round trip: a full page of updates."""
ENDLESS = Limits(
    cooldown_s=0,
    daily_quota=10**9,
    open_per_person=10**9,
    open_per_conversation=10**9,
    max_wait_s=3e7,
)


@dataclass(frozen=True)
class Cost:
    """The time that some work took."""

    wall_s: float
    server_s: float
    """CPU time of Valkey."""
    drivers_s: float
    """CPU time of the processes that call it."""


@contextmanager
def server() -> Iterator[str]:
    """Run a Valkey with the settings of the embedded one; yield its address."""
    with tempfile.TemporaryDirectory(prefix="surge-") as folder:
        valkey = EmbeddedValkey(Path(folder), memory_mb=8192)
        valkey.ensure()
        try:
            yield valkey.url
        finally:
            valkey.stop()


def bench_services(url: str, **changes: object) -> Services:
    """Open a ledger without wake-ups and, apart from `changes`, without limits."""
    defaults: dict[str, object] = {
        "data_dir": Path(tempfile.gettempdir()) / "suisai-benchmarks",
        "pseudonym_key": "a key for benchmarks",
    }
    defaults |= {"redis_url": url, "namespace": "bench", "limits": ENDLESS}
    settings = Settings(**(defaults | changes))  # type: ignore[arg-type] # callers name the fields
    return open_services(settings, lambda _: None)


def fast_services(url: str) -> Services:
    """Open a ledger whose workers report a high throughput."""
    services = bench_services(url)
    for stage in Stage:
        services.controls.report(stage, "bench", 10_000.0, 0.01, stale_s=10**6)
    return services


def request(name: str) -> PaintRequest:
    """Return a request of a new person, with values as long as Telegram's."""
    photo = PhotoRef(f"AgACAgIAAxkBAAIB-a-file-id-of-the-usual-length-{name}")
    return PaintRequest(
        "telegram", name, name, name, (photo,), address={"chat": name, "message": name}
    )


def fill(process: int, url: str, count: int) -> None:
    """Admit `count` requests, `TRIP` per round trip, by the usual script."""
    ledger = bench_services(url).ledger
    for start in range(0, count, TRIP):
        pipe = ledger._redis.pipeline(transaction=False)
        for number in range(start, min(start + TRIP, count)):
            one = request(f"{process}-{number}")
            job_id = job_id_of(one.platform, one.event)
            ledger._scripts.run("admit", *ledger._admission(job_id, one), pipe=pipe)
        pipe.execute()


def in_processes(url: str, work: Callable[..., None], *args: Any) -> Cost:
    """Run `work(number, url, *args)` in each of several processes; return what it cost."""
    group = [
        multiprocessing.Process(target=work, args=(number, url, *args))
        for number in range(PROCESSES)
    ]
    redis = bench_services(url).redis
    before, began = _spent_s(redis), time.perf_counter()
    for one in group:
        one.start()
    for one in group:
        one.join()
    took, after = time.perf_counter() - began, _spent_s(redis)
    assert not any(one.exitcode for one in group), "a driver failed"
    return Cost(took, after[0] - before[0], after[1] - before[1])


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run `work(number)` in each of `count` threads of this process."""
    group = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for one in group:
        one.start()
    for one in group:
        one.join()


def _spent_s(redis: Any) -> tuple[float, float]:
    cpu, times = redis.info("cpu"), os.times()
    server_s = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
    return server_s, times.children_user + times.children_system
