"""An upgrade under load: every process is stopped and started, one after the other."""

from __future__ import annotations

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from bots.loadtest.report import report_on
from bots.loadtest.run import LoadProfile, run_load_test
from tasks.services import Services
from tasks.stats import read_stats
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process

PROCESSES = {
    "io-1": ("worker", "io"),
    "io-2": ("worker", "io"),
    "gpu-1": ("worker", "gpu"),
    "gpu-2": ("worker", "gpu"),
    "sweep": ("sweep",),
}


def test_restarting_everything_under_load_loses_and_repeats_nothing(
    services: Services, stack: Stack
) -> None:
    stack.environment |= {"SUISAI_SAFETY_CHECKS": "[]", "SUISAI_LONG_SIDE_PX": "96"}
    for name, command in PROCESSES.items():
        stack.start(name, *command)
    eventually(lambda: len(services.heartbeats.alive()) == len(PROCESSES), 60, "all are up")
    profile = LoadProfile(people=60, minutes=0.3)

    with ThreadPoolExecutor(1) as pool:
        log = pool.submit(run_load_test, services, profile, threading.Event())
        eventually(lambda: read_stats(services).total("ended") > 3, 60, "the load test runs")
        for name, command in PROCESSES.items():
            stack.kill(name, signal.SIGTERM)
            stack.start(name, *command)
        report = report_on(services, profile, log.result(timeout=100))

    assert (report.accepted, report.painted, report.lost, report.doubled) == (60, 60, 0, 0)
    # Every process finished or released its jobs, so no lease had to expire.
    assert read_stats(services).total("retried") == 0
