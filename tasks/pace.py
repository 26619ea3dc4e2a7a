"""Measures how fast this process works, for the waits that people are told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.contract import Stage
from tasks.switches import NOTHING, Done, Switches

_HALF_LIFE_S = 30.0
"""Of what was measured: a minute-old measurement counts a quarter."""


class Pace:
    """Jobs per second of busy time, and seconds per job, of one stage in one process."""

    def __init__(self, switches: Switches, stage: Stage, worker: str, slots: int) -> None:
        self._switches = switches
        self._stage = stage
        self._worker = worker
        self._slots = slots
        self._lock = threading.Lock()
        self._jobs = 0.0
        self._busy_s = 0.0
        self._latency_s = 0.0
        self._decayed_at = time.monotonic()
        self._reported_at = 0.0
        self._untold = NOTHING

    @contextmanager
    def working(self, jobs: int) -> Iterator[None]:
        """Time a block that works on `jobs` jobs; report at most once a second."""
        began = time.monotonic()
        yield
        self.note(jobs, time.monotonic() - began)

    def note(self, jobs: int, busy_s: float) -> None:
        """Count `jobs` done together in `busy_s` seconds."""
        with self._lock:
            now = time.monotonic()
            keep = 0.5 ** ((now - self._decayed_at) / _HALF_LIFE_S)
            self._decayed_at = now
            self._jobs = self._jobs * keep + jobs
            self._busy_s = self._busy_s * keep + busy_s
            self._latency_s = (
                busy_s if self._latency_s == 0 else self._latency_s * 0.8 + busy_s * 0.2
            )
            untold = self._untold
            self._untold = Done(untold.jobs + jobs, untold.calls + 1, untold.busy_s + busy_s)
            due = now - self._reported_at >= 1.0
            if due:
                self._reported_at = now
        if due:
            self.report()

    def report(self) -> None:
        """Tell the ledger, also when idle, that this worker lives and how fast it is."""
        with self._lock:
            if self._busy_s == 0:
                return
            rate = self._slots * self._jobs / max(self._busy_s, 1e-6)
            latency_s = self._latency_s
            untold, self._untold = self._untold, NOTHING
        self._switches.report(self._stage, self._worker, rate, latency_s, done=untold)
