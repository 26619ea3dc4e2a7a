"""A surge of a hundred times the capacity: promised and actual waits, refusals, recovery.

The ledger and its calls are real, engine and network are simulated. Painting, waiting and arrivals run
`FASTER` times faster than in reality. The ledger's own intervals (a measurement each second, averages over
fifteen and thirty seconds) do not, which makes waits harder to predict.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks._ledgers import bench_services, in_threads, request, server
from benchmarks._workers import BATCH, PAINTERS, paint_s, workers
from tasks.models import Admitted, Job, Outcome
from tasks.services import Services
from tasks.settings import Limits

FASTER = 10
MAX_WAIT_S = 150.0
BROWNOUT_S = 50.0
OVERLOAD = 100
LISTENERS = 8
"""Threads that admit requests, in each of two processes."""
CAPACITY = PAINTERS * BATCH / paint_s(BATCH, draft=False)
"""Photos per second that all painters together can paint by the full recipe."""


@dataclass
class _LevelLog:
    """The observed overload levels, in order."""

    steps: list[str] = field(default_factory=lambda: ["normal"])

    def record(self, services: Services) -> None:
        step = services.controls.overload_level()
        if step != self.steps[-1]:
            self.steps.append(step)


def storm(seconds: float) -> dict[str, float | str]:
    """Run a surge of so many simulated seconds; the results are in simulated seconds, too."""
    with server() as url:
        services = _bot(url)
        stop = threading.Event()
        group = workers(services, stop)
        _warm_up(services)
        began, levels = services.ledger.now(), _LevelLog()
        times, refused, wall_s = _flood(url, services, seconds / FASTER, levels)
        recovery_s = _recover(services, levels)
        stop.set()
        for one in group:
            one.join()
        jobs = [job for job in _ended(services) if job.admitted_at >= began]
    return {
        "requests, times the capacity": len(times) / wall_s / CAPACITY,
        "admission p50, ms": 1000 * times[len(times) // 2],
        "admission p99, ms": 1000 * times[len(times) * 99 // 100],
        "refusals per s": refused / wall_s,
        "overload levels": " > ".join(levels.steps),
        "recovery after, s": FASTER * recovery_s,
        **_promises(jobs),
    }


def _bot(url: str) -> Services:
    return bench_services(
        url,
        limits=Limits(cooldown_s=0, max_wait_s=MAX_WAIT_S / FASTER),
        brownout_above_s=BROWNOUT_S / FASTER,
        brownout_below_s=BROWNOUT_S / 2 / FASTER,
    )


def _warm_up(services: Services) -> None:
    for number in range(30):
        services.ledger.admit(request(f"warm-up-{number}"))
        time.sleep(1 / CAPACITY)  # at the rate that the bot can serve
    _await_quiet(services, _LevelLog())


def _flood(
    url: str, services: Services, seconds: float, levels: _LevelLog
) -> tuple[list[float], int, float]:
    answers: Any = multiprocessing.Queue()
    group = [
        multiprocessing.Process(target=_send_requests, args=(number, url, seconds, answers))
        for number in range(2)
    ]
    began = time.perf_counter()
    for one in group:
        one.start()
    while time.perf_counter() < began + seconds:
        levels.record(services)
        time.sleep(0.1)  # the level changes at most once a second
    results = [answers.get() for _ in group]
    for one in group:
        one.join()
    times = sorted(took for part, _ in results for took in part)
    return times, sum(refused for _, refused in results), time.perf_counter() - began


def _send_requests(process: int, url: str, seconds: float, answers: Any) -> None:
    """Send requests at random times, independent of earlier answers."""
    ledger = _bot(url).ledger
    times: list[float] = []
    refused = [0] * LISTENERS
    each_s = 2 * LISTENERS / (OVERLOAD * CAPACITY)

    def listen(thread: int) -> None:
        rng = random.Random(f"{process}-{thread}")
        due, number = time.perf_counter(), 0
        until = due + seconds
        while (due := due + rng.expovariate(1 / each_s)) < until:
            time.sleep(max(0.0, due - time.perf_counter()))  # until the next request is due
            number += 1
            began = time.perf_counter()
            answer = ledger.admit(request(f"{process}-{thread}-{number}"))
            times.append(time.perf_counter() - began)
            refused[thread] += not isinstance(answer, Admitted)

    in_threads(LISTENERS, listen)
    answers.put((times, sum(refused)))


def _recover(services: Services, levels: _LevelLog) -> float:
    """Return the seconds until the queue is empty and the level is normal."""
    began = time.perf_counter()
    _await_quiet(services, levels)
    return time.perf_counter() - began


def _await_quiet(services: Services, levels: _LevelLog) -> None:
    deadline = time.perf_counter() + 120
    while (
        int(services.redis.hget("bench:unanswered", "telegram") or 0)
        or levels.steps[-1] != "normal"
    ):
        assert time.perf_counter() < deadline, "the bot did not recover"
        levels.record(services)
        time.sleep(0.05)  # there is no event for an empty queue


def _ended(services: Services) -> list[Job]:
    ids = services.redis.zscan_iter("bench:ended")
    return [services.ledger.job(job_id) for job_id, _ in ids]


def _promises(jobs: list[Job]) -> dict[str, float]:
    answered = [job for job in jobs if job.outcome is Outcome.ANSWERED]
    actual = [job.history[-1].at - job.admitted_at for job in answered]
    ratios = sorted(h / job.promised_wait_s for h, job in zip(actual, answered, strict=True))
    return {
        "accepted": len(jobs),
        "answered": len(answered),
        "painted by the faster recipe, %": 100 * sum(job.draft for job in answered) / len(answered),
        "answered within 1.25 x promised, %": 100 * sum(r <= 1.25 for r in ratios) / len(ratios),
        "actual wait, median s": FASTER * statistics.median(actual),
        "promised / actual, median": 1 / statistics.median(ratios),
        "actual / promised, p90": ratios[len(ratios) * 9 // 10],
        "actual / promised, worst": ratios[-1],
    }
