"""The cost of a call with very many queued jobs, and the memory of a queued job."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis

from benchmarks._ledgers import PROCESSES, fast_services, fill, in_processes, request, server
from tasks.ledger.records import job_id_of
from tasks.models import Stage
from tasks.services import Services
from tests.stack import eventually

T = TypeVar("T")

FEW = 1_000
REWRITE_S = 600
"""How long the server may take to compact the file of a million jobs."""


def depth(queued: int, rounds: int = 400) -> dict[str, float]:
    """Measure the same calls, alternating between a ledger of 1,000 jobs and one of `queued`."""
    with server() as short_url, server() as long_url:
        short, long = fast_services(short_url), fast_services(long_url)
        in_processes(short_url, fill, FEW // PROCESSES)
        before = _memory(long.redis)
        in_processes(long_url, fill, queued // PROCESSES)
        weight = (_memory(long.redis) - before) / queued
        _await_rewrite(long.redis)
        few, many = _alternate(short, long, rounds)
    figures = {"bytes per queued job": weight}
    for name in few:
        figures[f"{name}, {FEW:,} queued: us"] = few[name]
        figures[f"{name}, {queued:,} queued: us"] = many[name]
        figures[f"{name}: ratio"] = many[name] / few[name]
    return figures


def _memory(redis: Redis) -> int:
    return int(redis.info("memory")["used_memory"])


def _await_rewrite(redis: Redis) -> None:
    # The server compacts its file in a child process, whose copy-on-write must not be measured.
    eventually(lambda: not redis.info("persistence")["aof_rewrite_in_progress"], REWRITE_S)


def _alternate(short: Services, long: Services, rounds: int) -> tuple[dict[str, float], ...]:
    times: tuple[dict[str, list[float]], ...] = ({}, {})
    for number in range(rounds):
        for services, rows in zip((short, long), times, strict=True):
            for name, took in _calls(services, f"turn-{number}").items():
                rows.setdefault(name, []).append(took)
    return tuple(
        {name: 1e6 * statistics.median(values) for name, values in rows.items()} for rows in times
    )


def _calls(services: Services, name: str) -> dict[str, float]:
    ledger, one = services.ledger, request(name)
    admit_s, _ = _timed(lambda: ledger.admit(one))
    position_s, _ = _timed(lambda: ledger.queue_status(job_id_of(one.platform, one.event)))
    claim_s, claims = _timed(lambda: ledger.claim(Stage.FETCH, 1, "bench", from_wakeup=False))
    ledger.transitions.release(claims[0], "bench")
    return {"admission": admit_s, "position": position_s, "claim": claim_s}


def _timed(call: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    result = call()
    return time.perf_counter() - began, result
