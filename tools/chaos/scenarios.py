"""Scenarios for a bot under load: processes are killed at random, or restarted in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from tools.chaos.platform import Tally
from tools.chaos.run import ChaosRun

KILL_EVERY = (0.5, 1.5)
VALKEY_FIRST = (0.5, 1.5)
VALKEY_EVERY = (3.0, 6.0)
"""In multiples of the time that the whole bot takes to start: two to three seconds on an idle machine."""
WAKEUP_FAULT_RATE = 0.3
"""Share of the steps, ten a second, that drop a wake-up or send one twice."""
RESUME_EVERY_S = 5.0
_DOWN_AT_ONCE = 1
"""How many processes may still be starting when the next one is killed."""
_AT_ONCE = 5
_STEP_S = 0.1
_COUNT_EVERY_S = 0.5


class KillScenario:
    """Kills a process every few seconds, the server less often, and disturbs wake-ups.

    Nothing is killed before all processes have run once, nor while two are starting. Intervals are
    multiples of the time of the first start, so that a slow machine can work between two kills.
    """

    def __init__(self, run: ChaosRun) -> None:
        self._run = run
        self._pace_s = 0.0
        self._kill_at, self._valkey_at, self._resume_at = 0.0, 0.0, 0.0

    def __call__(self, now: float) -> None:
        """Run the actions that are due `now` seconds after the start."""
        run, rng = self._run, self._run.rng
        run.start_missing()
        run.platform.send_requests(_AT_ONCE)
        if rng.random() < WAKEUP_FAULT_RATE:
            run.disturb_wakeups()
        running = sorted(run.running())
        if len(running) < len(run.names) - (_DOWN_AT_ONCE if self._pace_s else 0):
            return
        if not self._pace_s:
            self._pace_s, self._valkey_at = now, now + self._interval(VALKEY_FIRST, now)
        if now > self._kill_at:
            run.kill(rng.choice(running))
            self._kill_at = now + self._interval(KILL_EVERY, self._pace_s)
        if now > self._resume_at:
            run.resume()
            self._resume_at = now + RESUME_EVERY_S
        if now > self._valkey_at:
            run.kill_valkey()
            self._valkey_at = now + self._interval(VALKEY_EVERY, self._pace_s)

    def _interval(self, between: tuple[float, float], pace_s: float) -> float:
        return pace_s * self._run.rng.uniform(*between)


class RollingRestart:
    """Restarts one process after the other, each after the previous one runs again.

    Before each restart a part of the requests is sent, so that every restart happens under load.
    """

    def __init__(self, run: ChaosRun, jobs: int) -> None:
        self._run = run
        steps = [jobs * n // len(run.names) for n in range(len(run.names) + 1)]
        shares = [end - begin for begin, end in pairwise(steps)]
        self._left = list(zip(run.names, shares, strict=True))
        run.start_missing()

    def __call__(self, _: float) -> None:
        """Restart the next process if all are running and requests were sent."""
        if not self._left or len(self._run.running()) < len(self._run.names):
            return
        name, share = self._left[0]
        if self._run.platform.send_requests(share) or not share:
            self._left.pop(0)
            self._run.restart(name)

    @property
    def done(self) -> bool:
        """Every process was restarted."""
        return not self._left


def run_scenario(
    run: ChaosRun,
    scenario: Callable[[float], None],
    patience_s: float,
    is_over: Callable[[], bool] = lambda: True,
) -> Tally:
    """Run a scenario until every request has an answer, at most `patience_s`; return the counts."""
    began = time.monotonic()
    count_at = 0.0
    while (now := time.monotonic() - began) < patience_s:
        scenario(now)
        if now > count_at:
            count_at = now + _COUNT_EVERY_S
            if run.platform.tally().lost == 0 and is_over():
                break
        time.sleep(_STEP_S)
    quiet_until = time.monotonic() + 3 * run.settings.lease_s
    while time.monotonic() < quiet_until:  # time for a second answer, if there is one
        run.start_missing()
        time.sleep(_STEP_S)
    return run.platform.tally()
