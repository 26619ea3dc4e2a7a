"""Measures the throughput of this process, from which the expected waits are computed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from tasks.controls import NO_WORK, Controls, WorkDone
from tasks.models import Stage

_HALF_LIFE_S = 30.0
"""Half-life of a measurement: one that is a minute old counts a quarter."""

_REPORT_EVERY_S = 1.0


@dataclass
class _Work:
    """Work done in one stage; old work decays."""

    jobs: float = 0.0
    latency_s: float = 0.0
    unreported: WorkDone = NO_WORK


class ThroughputMeter:
    """Jobs per second of busy time, and seconds per job, of the stages of one process.

    The threads of a process share its stages, so a stage's rate counts the time spent on all of them:
    it is the rate that the process sustains when every stage has work.
    """

    def __init__(
        self, controls: Controls, stages: Sequence[Stage], worker: str, slots: int
    ) -> None:
        self._controls = controls
        self._worker = worker
        self._slots = slots
        self._lock = threading.Lock()
        self._work = {stage: _Work() for stage in stages}
        self._busy_s = 0.0
        self._decayd_at = time.monotonic()
        self._reported_at = 0.0

    @contextmanager
    def working(self, stage: Stage, jobs: int) -> Iterator[None]:
        """Time a block that works on `jobs` jobs; report at most once a second."""
        began = time.monotonic()
        yield
        if self.note(stage, jobs, time.monotonic() - began):
            self.report()

    def note(self, stage: Stage, jobs: int, busy_s: float) -> bool:
        """Count `jobs` done together in `busy_s` seconds; tell whether a report is due."""
        with self._lock:
            now = time.monotonic()
            self._decay(now)
            work = self._work[stage]
            work.jobs += jobs
            self._busy_s += busy_s
            work.latency_s = work.latency_s * 0.8 + busy_s * 0.2 if work.latency_s > 0 else busy_s
            old = work.unreported
            work.unreported = WorkDone(old.jobs + jobs, old.calls + 1, old.busy_s + busy_s)
            due = now - self._reported_at >= _REPORT_EVERY_S
            if due:
                self._reported_at = now
            return due

    def report(self) -> None:
        """Report this worker's throughput to the ledger, also when idle."""
        for stage, work in self._work.items():
            with self._lock:
                if work.jobs == 0:
                    continue
                rate = self._slots * work.jobs / max(self._busy_s, 1e-6)
                latency_s, done, work.unreported = work.latency_s, work.unreported, NO_WORK
            self._controls.report(stage, self._worker, rate, latency_s, done=done)

    def _decay(self, now: float) -> None:
        keep = 0.5 ** ((now - self._decayd_at) / _HALF_LIFE_S)
        self._decayd_at = now
        self._busy_s *= keep
        for work in self._work.values():
            work.jobs *= keep
