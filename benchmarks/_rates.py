"""Admissions per second, and jobs per second through all stages."""

from __future__ import annotations

import os

from benchmarks._ledgers import (
    PROCESSES,
    Cost,
    bench_services,
    fast_services,
    fill,
    in_processes,
    in_threads,
    request,
    server,
)
from tasks.ledger.ledger import Ledger
from tasks.models import Claim, Outcome, Stage

LISTENERS = 8
"""Threads per process that admit requests one by one."""
WORKERS = 2
"""Threads per process that claim and complete jobs."""
BATCH = 64


def rates(admissions: int, jobs: int) -> dict[str, float]:
    """Measure admissions and whole jobs per second, and what each costs."""
    with server() as url:
        services = fast_services(url)
        alone = in_processes(url, _admit_one_by_one, admissions // PROCESSES)
        services.redis.flushdb()
        fast_services(url)
        paged = in_processes(url, fill, jobs // PROCESSES)
        passed = in_processes(url, _pass_all)
        answered = int(services.redis.hget("bench:counts", "ended:telegram:answered") or 0)
    assert answered == jobs, f"{answered} of {jobs} jobs were answered"
    whole = Cost(*(a + b for a, b in zip(_parts(paged), _parts(passed), strict=True)))
    return (
        _rate("admissions, one by one", admissions, alone)
        | _rate("admissions, 100 per round trip", jobs, paged)
        | _rate("jobs through the three stages", jobs, passed)
        | _rate("the same with their admission", jobs, whole)
    )


def _parts(cost: Cost) -> tuple[float, float, float]:
    return cost.wall_s, cost.server_s, cost.drivers_s


def _rate(what: str, count: int, cost: Cost) -> dict[str, float]:
    share = (cost.server_s + cost.drivers_s) / cost.wall_s / (os.cpu_count() or 1)
    return {
        f"{what}: per s": count / cost.wall_s,
        f"{what}: us of Valkey each": 1e6 * cost.server_s / count,
        f"{what}: us of drivers each": 1e6 * cost.drivers_s / count,
        f"{what}: share of the machine, %": 100 * share,
    }


def _admit_one_by_one(process: int, url: str, count: int) -> None:
    ledger = bench_services(url).ledger

    def listen(thread: int) -> None:
        for number in range(count // LISTENERS):
            ledger.admit(request(f"{process}-{thread}-{number}"))

    in_threads(LISTENERS, listen)


def _pass_all(_: int, url: str) -> None:
    ledger = bench_services(url).ledger

    def work(_: int) -> None:
        idle = 0
        while idle < 3:
            taken = sum([_pass_on(ledger, stage) for stage in Stage])
            idle = 0 if taken else idle + 1

    in_threads(WORKERS, work)


def _pass_on(ledger: Ledger, stage: Stage) -> int:
    claims = ledger.claim(stage, BATCH, "bench", from_wakeup=False)
    if stage is Stage.DELIVER and claims:
        # As in a worker, the intent is on disk before the answer would be sent.
        pipe = ledger._redis.pipeline(transaction=False)
        for claim in claims:
            ledger._scripts.run("record_intent", claim.job.id, claim.fence, pipe=pipe)
        pipe.execute()
    if claims:
        _finish_stage(ledger, stage, claims)
    return len(claims)


def _finish_stage(ledger: Ledger, stage: Stage, claims: list[Claim]) -> None:
    with ledger.batch() as steps:
        for claim in claims:
            name = f"20261124T06/{claim.job.id}-1-0"
            if stage is Stage.FETCH:
                steps.fetched(claim, [f"photos/{name}.png"], "1024x1024")
            elif stage is Stage.RENDER:
                steps.painted(claim, [f"pictures/{name}.jpg"])
            else:
                steps.finish(claim, Outcome.ANSWERED, receipt=claim.job.request.event)
