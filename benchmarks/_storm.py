"""A hundred times more asks than a bot can paint: what people are told, what they get, what comes after.

The ledger and its calls are real, the engine and the network are time that passes. The clock of
painting, waiting and surging runs `FASTER` times faster than in life; the ledger's own clocks (a look
each second, fifteen seconds of arrivals, thirty of pace) do not, which makes it harder to say waits.
"""

from __future__ import annotations

import multiprocessing
import random
import statistics
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks._ledgers import ask, house, in_threads, server
from benchmarks._workers import BATCH, PAINTERS, paint_s, workers
from tasks.models import Admitted, Job, Outcome
from tasks.services import Services
from tasks.settings import Limits

FASTER = 10
MAX_WAIT_S = 150.0
BROWNOUT_S = 50.0
OVERLOAD = 100
LISTENERS = 8
"""Threads that take asks in, in each of two processes."""
CAPACITY = PAINTERS * BATCH / paint_s(BATCH, draft=False)
"""Photos per second that all painters together can paint by the full recipe."""


@dataclass
class _Watch:
    """The steps of the ladder as they are seen."""

    steps: list[str] = field(default_factory=lambda: ["normal"])

    def look(self, services: Services) -> None:
        step = services.controls.overload_level()
        if step != self.steps[-1]:
            self.steps.append(step)


def storm(seconds: float) -> dict[str, float | str]:
    """Surge for so many simulated seconds; times in the figures are simulated, too."""
    with server() as url:
        services = _bot(url)
        stop = threading.Event()
        gang = workers(services, stop)
        _ordinary_morning(services)
        began, watch = services.ledger.now(), _Watch()
        times, refused, wall_s = _flood(url, services, seconds / FASTER, watch)
        recovery_s = _recover(services, watch)
        stop.set()
        for one in gang:
            one.join()
        jobs = [job for job in _ended(services) if job.admitted_at >= began]
    return {
        "asked, times the capacity": len(times) / wall_s / CAPACITY,
        "admission p50, ms": 1000 * times[len(times) // 2],
        "admission p99, ms": 1000 * times[len(times) * 99 // 100],
        "refusals per s": refused / wall_s,
        "steps of the ladder": " > ".join(watch.steps),
        "recovery after, s": FASTER * recovery_s,
        **_word_kept(jobs),
    }


def _bot(url: str) -> Services:
    return house(
        url,
        limits=Limits(cooldown_s=0, max_wait_s=MAX_WAIT_S / FASTER),
        brownout_above_s=BROWNOUT_S / FASTER,
        brownout_below_s=BROWNOUT_S / 2 / FASTER,
    )


def _ordinary_morning(services: Services) -> None:
    for number in range(30):
        services.ledger.admit(ask(f"morning-{number}"))
        time.sleep(1 / CAPACITY)  # people come as fast as they can be served
    _await_quiet(services, _Watch())


def _flood(
    url: str, services: Services, seconds: float, watch: _Watch
) -> tuple[list[float], int, float]:
    answers: Any = multiprocessing.Queue()
    gang = [
        multiprocessing.Process(target=_ask_on, args=(number, url, seconds, answers))
        for number in range(2)
    ]
    began = time.perf_counter()
    for one in gang:
        one.start()
    while time.perf_counter() < began + seconds:
        watch.look(services)
        time.sleep(0.1)  # the ladder moves at most once a second
    told = [answers.get() for _ in gang]
    for one in gang:
        one.join()
    times = sorted(took for part, _ in told for took in part)
    return times, sum(refused for _, refused in told), time.perf_counter() - began


def _ask_on(process: int, url: str, seconds: float, answers: Any) -> None:
    """Ask at random moments, as independent people do, whether or not earlier asks were answered."""
    ledger = _bot(url).ledger
    times: list[float] = []
    refused = [0] * LISTENERS
    each_s = 2 * LISTENERS / (OVERLOAD * CAPACITY)

    def listen(thread: int) -> None:
        chance = random.Random(f"{process}-{thread}")
        due, number = time.perf_counter(), 0
        until = due + seconds
        while (due := due + chance.expovariate(1 / each_s)) < until:
            time.sleep(max(0.0, due - time.perf_counter()))  # until the next person comes
            number += 1
            began = time.perf_counter()
            answer = ledger.admit(ask(f"{process}-{thread}-{number}"))
            times.append(time.perf_counter() - began)
            refused[thread] += not isinstance(answer, Admitted)

    in_threads(LISTENERS, listen)
    answers.put((times, sum(refused)))


def _recover(services: Services, watch: _Watch) -> float:
    """Return the seconds until nobody waits and the full recipe is back."""
    began = time.perf_counter()
    _await_quiet(services, watch)
    return time.perf_counter() - began


def _await_quiet(services: Services, watch: _Watch) -> None:
    deadline = time.perf_counter() + 120
    while (
        int(services.redis.hget("bench:unanswered", "telegram") or 0) or watch.steps[-1] != "normal"
    ):
        assert time.perf_counter() < deadline, "the bot did not recover"
        watch.look(services)
        time.sleep(0.05)  # the server tells nobody that nothing waits


def _ended(services: Services) -> list[Job]:
    ids = services.redis.zscan_iter("bench:ended")
    return [services.ledger.job(job_id) for job_id, _ in ids]


def _word_kept(jobs: list[Job]) -> dict[str, float]:
    answered = [job for job in jobs if job.outcome is Outcome.ANSWERED]
    had = [job.history[-1].at - job.admitted_at for job in answered]
    ratios = sorted(h / job.promised_wait_s for h, job in zip(had, answered, strict=True))
    return {
        "accepted": len(jobs),
        "answered": len(answered),
        "painted by the faster recipe, %": 100 * sum(job.draft for job in answered) / len(answered),
        "answered within 1.25 x said, %": 100 * sum(r <= 1.25 for r in ratios) / len(ratios),
        "wait had, median s": FASTER * statistics.median(had),
        "said / had, median": 1 / statistics.median(ratios),
        "had / said, p90": ratios[len(ratios) * 9 // 10],
        "had / said, worst": ratios[-1],
    }
