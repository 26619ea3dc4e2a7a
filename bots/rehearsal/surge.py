"""Plays the surge: many people ask within minutes, and everything that becomes of it is noted."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from bots.rehearsal.platform import NAME
from tasks.contract import Admitted, Ask, PhotoRef, Refused
from tasks.gauges import Gauges, read_gauges
from tasks.services import Services

_VIRAL = 0.1
"""Share of the people who send the one photo that everybody sends."""
_HANDS = 8
_NOTHING_MOVES_S = 60.0


@dataclass(frozen=True, slots=True)
class Surge:
    """How many ask, and in what time; they come fastest after a third of it."""

    people: int
    minutes: float
    seed: int = 7

    def arrivals(self) -> list[float]:
        """Return when each person asks, seconds from the beginning, in order."""
        chance, length_s = random.Random(self.seed), self.minutes * 60  # noqa: S311 (no secret)
        times = (chance.triangular(0, length_s, length_s / 3) for _ in range(self.people))
        return sorted(times)


@dataclass
class Log:
    """What was noted while the surge was on."""

    admitted: list[tuple[float, Admitted]] = field(default_factory=list)
    """When, and what was promised."""
    refused: list[Refused] = field(default_factory=list)
    intake_s: list[float] = field(default_factory=list)
    """What each admission took."""
    looks: list[Gauges] = field(default_factory=list)


def play(services: Services, surge: Surge, stop: threading.Event) -> Log:
    """Let everybody ask, then wait until all who were accepted have an answer or nothing moves."""
    log, run, chance = Log(), secrets.token_hex(4), random.Random(surge.seed)  # noqa: S311
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(services, log, over), daemon=True)
    watcher.start()
    began = time.monotonic()
    with ThreadPoolExecutor(_HANDS) as hands:
        for number, at in enumerate(surge.arrivals()):
            if stop.wait(max(0.0, began + at - time.monotonic())):
                break
            photo = f"{run}-viral" if chance.random() < _VIRAL else f"{run}-{number}"
            hands.submit(_ask, services, log, f"{run}-{number}", photo)
    _await_answers(services, log, stop)
    over.set()
    watcher.join()
    return log


def _ask(services: Services, log: Log, person: str, photo: str) -> None:
    ask = Ask(NAME, person, person, person, (PhotoRef(photo),), private=False)
    began = time.monotonic()
    outcome = services.ledger.admit(ask)
    log.intake_s.append(time.monotonic() - began)
    if isinstance(outcome, Refused):
        log.refused.append(outcome)
    else:
        log.admitted.append((time.time(), outcome))


def _watch(services: Services, log: Log, over: threading.Event) -> None:
    while not over.wait(1.0):
        log.looks.append(read_gauges(services))


def _await_answers(services: Services, log: Log, stop: threading.Event) -> None:
    left = {admitted.job_id for _, admitted in log.admitted}
    moved_at = time.monotonic()
    while left and not stop.wait(0.5) and time.monotonic() - moved_at < _NOTHING_MOVES_S:
        ended = set(_ended(services, sorted(left)[:2000]))
        if ended:
            moved_at = time.monotonic()
            left -= ended


def _ended(services: Services, job_ids: Sequence[str]) -> Iterator[str]:
    ns = services.settings.namespace
    pipe = services.redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipe.hget(f"{ns}:job:{job_id}", "outcome")
    for job_id, outcome in zip(job_ids, pipe.execute(), strict=True):
        if outcome:
            yield job_id
