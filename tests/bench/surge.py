"""The ledger in a surge: how fast it takes in, passes on and refuses, and how true its waits are.

Engines, network and Celery are left out: what is measured is the ledger, its Valkey (on this machine,
every write on disk) and the Python that drives them. `--full` takes the sizes of the promises.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tasks.contract import Admitted, Claim, Outcome, Stage
from tasks.records import job_id_of, text
from tasks.services import Services
from tasks.valkey import EmbeddedValkey
from tests.bench._bot import PAINT_S, PAINTERS, THREADS, ask, begin, house, in_threads

PROCESSES = 2
BATCH = 64
MAX_WAIT_S = 20.0


@dataclass(frozen=True)
class Size:
    """How much of everything is measured."""

    admissions: int
    jobs: int
    queued: int
    surge_s: float


QUICK = Size(admissions=6_000, jobs=4_000, queued=50_000, surge_s=30)
FULL = Size(admissions=30_000, jobs=20_000, queued=1_000_000, surge_s=300)


def in_processes(work: Callable[..., None], *args: Any) -> float:
    """Run `work(number, *args)` in each of several processes; return the seconds it took."""
    gang = [
        multiprocessing.Process(target=work, args=(number, *args)) for number in range(PROCESSES)
    ]
    began = time.perf_counter()
    for one in gang:
        one.start()
    for one in gang:
        one.join()
    return time.perf_counter() - began


def admit_many(process: int, url: str, namespace: str, count: int) -> None:
    """Take in asks one by one, as listeners do."""
    ledger = house(url, namespace).ledger

    def work(thread: int) -> None:
        for number in range(count // THREADS):
            ledger.admit(ask(f"{process}-{thread}-{number}"))

    in_threads(work)


def pass_all(_: int, url: str, namespace: str) -> None:
    """Bring everything through the three stages, `BATCH` jobs at a time."""
    ledger = house(url, namespace).ledger

    def step(stage: Stage, claims: list[Claim]) -> None:
        with ledger.together() as steps:
            for claim in claims:
                if stage is Stage.FETCH:
                    steps.fetched(
                        claim, [f"photos/20261124T06/{claim.job.id}-1-0.png"], "1024x1024"
                    )
                elif stage is Stage.RENDER:
                    steps.painted(claim, [f"pictures/20261124T06/{claim.job.id}-1-0.jpg"])
                else:
                    steps.intend(claim)
        if stage is Stage.DELIVER:
            with ledger.together() as steps:
                for claim in claims:
                    steps.finish(claim, Outcome.ANSWERED, receipt="r")

    def work(_: int) -> None:
        idle = 0
        while idle < 3:
            taken = 0
            for stage in Stage:
                claims = ledger.claim(stage, BATCH, "bench", heard=False)
                taken += len(claims)
                if claims:
                    step(stage, claims)
            idle = 0 if taken else idle + 1

    gang = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for one in gang:
        one.start()
    for one in gang:
        one.join()


def fill(process: int, url: str, namespace: str, count: int) -> None:
    """Queue many jobs quickly: the same script as ever, many calls in one trip."""
    ledger = house(url, namespace).ledger
    for start in range(0, count, 500):
        pipe = ledger._redis.pipeline(transaction=False)
        for number in range(start, min(start + 500, count)):
            one = ask(f"{process}-{number}")
            job_id = job_id_of(one.platform, one.event)
            ledger._scripts.run("admit", *ledger._admission(job_id, one), pipe=pipe)
        pipe.execute()


def throughput(url: str, size: Size) -> dict[str, float]:
    """Measure admissions and whole jobs per second."""
    services = house(url, "through")
    for stage in Stage:
        services.switches.report(stage, "bench", 10_000.0, 0.01, stale_s=10**6)
    took = in_processes(admit_many, url, "through", size.admissions // PROCESSES)
    figures = {"admissions per s": size.admissions / took}
    services.redis.flushdb()
    for stage in Stage:
        services.switches.report(stage, "bench", 10_000.0, 0.01, stale_s=10**6)
    in_processes(fill, url, "through", size.jobs // PROCESSES)
    took = in_processes(pass_all, url, "through")
    done = int(services.redis.hget("through:counts", "ended:telegram:answered") or 0)
    figures["whole jobs per s"] = done / took
    services.redis.flushdb()
    return figures


def cost(services: Services, round_name: str) -> dict[str, float]:
    """Return the median microseconds of the calls whose cost must not grow with the queue."""
    times: dict[str, list[float]] = {"admit": [], "position": [], "claim": []}
    for number in range(300):
        one = ask(f"{round_name}-{number}")
        began = time.perf_counter()
        admitted = services.ledger.admit(one)
        times["admit"].append(time.perf_counter() - began)
        assert isinstance(admitted, Admitted)
        began = time.perf_counter()
        services.ledger.standing(admitted.job_id)
        times["position"].append(time.perf_counter() - began)
        began = time.perf_counter()
        (claim,) = services.ledger.claim(Stage.FETCH, 1, "bench", heard=False)
        times["claim"].append(time.perf_counter() - began)
        services.ledger.release(claim, "bench")
    return {name: 1e6 * statistics.median(values) for name, values in times.items()}


def scale(url: str, size: Size) -> dict[str, float]:
    """Measure what one call costs with 1,000 and with very many queued jobs, and what a job weighs."""
    services = house(url, "scale")
    in_processes(fill, url, "scale", 500)
    few = cost(services, "few")
    before = services.redis.info("memory")["used_memory"]
    started = time.perf_counter()
    in_processes(fill_more, url, "scale", size.queued // PROCESSES)
    filling = time.perf_counter() - started
    after = services.redis.info("memory")["used_memory"]
    many = cost(services, "many")
    figures = {"bytes per queued job": (after - before) / size.queued}
    for name, value in few.items():
        figures[f"{name}, 1,000 queued, us"] = value
        figures[f"{name}, {size.queued:,} queued, us"] = many[name]
        figures[f"{name}, ratio"] = many[name] / value
    figures["pipelined admissions per s"] = size.queued / filling
    services.redis.flushdb()
    return figures


def fill_more(process: int, url: str, namespace: str, count: int) -> None:
    """Queue many more jobs, of people that `fill` has not made."""
    fill(process + 1000, url, namespace, count)


def flood(_: int, url: str, seconds: float, answers: Any) -> None:
    """Ask as fast as threads can; tell how long each answer took and how many were refusals."""
    ledger = house(url, "surge", MAX_WAIT_S).ledger
    until = time.perf_counter() + seconds
    times: list[float] = []
    refused = [0] * THREADS

    def work(thread: int) -> None:
        number = 0
        while (began := time.perf_counter()) < until:
            number += 1
            answer = ledger.admit(ask(f"{thread}-{number}"))
            times.append(time.perf_counter() - began)
            refused[thread] += not isinstance(answer, Admitted)

    in_threads(work)
    answers.put((sorted(times), sum(refused)))


def surge(url: str, size: Size) -> dict[str, float]:
    """Flood a small bot with many times what it can paint; see what people were told and got."""
    services = house(url, "surge", MAX_WAIT_S)
    stop = threading.Event()
    gangs = begin(services, stop)
    for number in range(40):  # an ordinary morning, so that the workers know their pace
        services.ledger.admit(ask(f"morning-{number}"))
        time.sleep(PAINT_S / PAINTERS)
    counts_key = "surge:counts"
    time.sleep(2)
    morning = ("kept-word", "ended:telegram:answered", "waited-ms", "said-ms")
    services.redis.hdel(counts_key, *morning)
    answers: Any = multiprocessing.Queue()
    began = time.perf_counter()
    gang = multiprocessing.Process(target=flood, args=(0, url, size.surge_s, answers))
    gang.start()
    times, refused = answers.get()
    gang.join()
    seconds = time.perf_counter() - began
    ended = time.perf_counter()
    unsent = "surge:unsent"
    while int(services.redis.hget(unsent, "telegram") or 0) > 0:
        time.sleep(0.05)
    recovery = time.perf_counter() - ended
    stop.set()
    for one in gangs:
        one.join()
    counts = {text(k): int(v) for k, v in services.redis.hgetall(counts_key).items()}
    answered = counts["ended:telegram:answered"]
    services.redis.flushdb()
    return {
        "asked, times the capacity": len(times) / seconds / (PAINTERS / PAINT_S),
        "admission p50, ms": 1000 * times[len(times) // 2],
        "admission p99, ms": 1000 * times[len(times) * 99 // 100],
        "refusals per s": refused / seconds,
        "answered": answered,
        "answered within 1.25 x said, %": 100 * counts.get("kept-word", 0) / answered,
        "waited, of what was said, %": 100 * counts["waited-ms"] / counts["said-ms"],
        "recovery after, s": recovery,
    }


PARTS = {"throughput": throughput, "scale": scale, "surge": surge}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--full", action="store_true", help="a million jobs, five minutes of surge")
    parser.add_argument("--only", choices=PARTS, help="one part")
    wish = parser.parse_args()
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="surge-") as folder:
        server = EmbeddedValkey(Path(folder), memory_mb=8192)
        server.ensure()
        for name, measure in PARTS.items():
            if wish.only in (None, name):
                figures |= measure(server.url, FULL if wish.full else QUICK)
        server.stop()
    if wish.json:
        print(json.dumps(figures, indent=2))
        return
    table = Table("figure", "value", title="the ledger in a surge")
    for name, value in figures.items():
        table.add_row(name, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
