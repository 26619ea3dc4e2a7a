"""A worker process that is drained finishes what it holds, takes nothing new, and waits or ends."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from pipeline.raw_pixels import pack
from tasks.heartbeat import Process
from tasks.models import Stage
from tests.stack import Stack, eventually
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

pytestmark = pytest.mark.process


def ready_to_paint(driver: LedgerDriver, make_request: MakeRequest) -> str:
    """Bring a job with a photo before `render`; return its id."""
    job_id = driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    key = f"photos/{job_id}"
    driver.services.blobs.put(key, pack(np.full((48, 64, 3), 128, np.uint8)))
    driver.ledger.transitions.fetched(claim, [key], "4:3")
    return job_id


def worker(driver: LedgerDriver, state: str = "") -> Process | None:
    """Return the painting worker if it reports this state."""
    found = [each for each in driver.services.heartbeats.alive() if each.kind == "gpu"]
    return next((each for each in found if each.facts.get("state", "") == state), None)


def painted(driver: LedgerDriver, job_id: str) -> bool:
    return driver.job(job_id).stage is Stage.DELIVER


def test_a_worker_is_drained_taken_back_and_ended(
    driver: LedgerDriver, make_request: MakeRequest, stack: Stack
) -> None:
    stack.environment |= {"SUISAI_ENGINE": "painter", "SUISAI_SAFETY_CHECKS": "[]"}
    stack.start("sweep", "sweep")
    stack.start("gpu", "worker", "gpu")
    first = ready_to_paint(driver, make_request)
    eventually(lambda: painted(driver, first), 60, "the first job is painted")
    name = eventually(lambda: worker(driver), 20, "the worker is listed").name

    def drain(*options: str) -> str:
        command = [sys.executable, "-m", "bots", "drain", name, *options]
        done = subprocess.run(command, env=stack.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "takes no new job" in drain()
    eventually(lambda: worker(driver, "drained"), 20, "the worker says that it is drained")
    second = ready_to_paint(driver, make_request)
    assert driver.services.routing.workers() == {}
    driver.ledger.sweep()
    assert driver.job(second).stage is Stage.RENDER

    assert "takes jobs again" in drain("--undo")
    eventually(lambda: painted(driver, second), 30, "the second job is painted")

    drain("--end")
    assert stack.wait("gpu", 30) == 0
    assert driver.services.routing.draining() == {}
