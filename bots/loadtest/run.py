"""Plays the surge: many people ask within minutes, and everything that becomes of it is noted."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from bots.loadtest.platform import NAME
from tasks.errors import StoreError
from tasks.models import Admitted, PaintRequest, PhotoRef, Refused
from tasks.services import Services
from tasks.stats import FleetStats, read_stats

_VIRAL = 0.1
"""Share of the people who send the one photo that everybody sends."""

_THREADS = 8

_ASK_AGAIN_S = 0.5

_AT_ONCE = 2000
"""So many jobs are looked up in one trip."""


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """How many ask, and in what time; they come fastest after a third of it."""

    people: int
    minutes: float
    patience_s: float = 60.0
    """When nobody got an answer for so long, who waits still gets none."""
    seed: int = 7

    def arrivals(self) -> list[float]:
        """Return when each person asks, seconds from the beginning, in order."""
        chance, length_s = random.Random(self.seed), self.minutes * 60  # noqa: S311 - no secret hangs on it
        times = (chance.triangular(0, length_s, length_s / 3) for _ in range(self.people))
        return sorted(times)


@dataclass
class LoadLog:
    """What was noted while the surge was on."""

    asked_s: list[float] = field(default_factory=list)
    """When each ask was sent, seconds from the beginning."""
    admitted: list[tuple[float, Admitted]] = field(default_factory=list)
    """When, and what was promised."""
    refused: list[Refused] = field(default_factory=list)
    intake_s: list[float] = field(default_factory=list)
    """What each admission took."""
    unheard: list[str] = field(default_factory=list)
    """Who had to ask again because the ledger did not answer, once for each time."""
    looks: list[FleetStats] = field(default_factory=list)
    stopped: bool = False
    """The operator ended it before everybody had an answer."""


def play(
    services: Services, surge: LoadProfile, stop: threading.Event, log: LoadLog | None = None
) -> LoadLog:
    """Let everybody ask, then wait until all who were accepted have an answer or nothing moves.

    `log` fills while it goes on, for whoever wants to look on.

    The bot's processes and the ledger's server may be restarted meanwhile: who is not heard asks again,
    as a platform sends again what nobody confirmed.
    """
    log, over = log or LoadLog(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(services, log, over), daemon=True)
    watcher.start()
    _let_them_ask(services, surge, log, stop)
    left = _await_answers(services, surge.patience_s, log, stop)
    log.stopped = stop.is_set() and bool(left)
    over.set()
    watcher.join()
    return log


def _let_them_ask(
    services: Services, surge: LoadProfile, log: LoadLog, stop: threading.Event
) -> None:
    run, chance = secrets.token_hex(4), random.Random(surge.seed)  # noqa: S311 - no secret hangs on it
    began, asking = time.monotonic(), []
    with ThreadPoolExecutor(_THREADS) as hands:
        for number, at in enumerate(surge.arrivals()):
            if stop.wait(max(0.0, began + at - time.monotonic())):
                break
            person = f"{run}-{number}"
            photo = f"{run}-viral" if chance.random() < _VIRAL else person
            ask = PaintRequest(NAME, person, person, person, (PhotoRef(photo),), private=False)
            asking.append(hands.submit(_ask, services, log, ask, began, stop))
    for asked in asking:
        asked.result()


def _ask(
    services: Services, log: LoadLog, ask: PaintRequest, began: float, stop: threading.Event
) -> None:
    sent = time.monotonic()
    log.asked_s.append(sent - began)
    outcome = None
    while outcome is None:
        try:
            outcome = services.ledger.admit(ask)
        except StoreError:
            log.unheard.append(ask.person)
            if stop.wait(_ASK_AGAIN_S):
                return
    log.intake_s.append(time.monotonic() - sent)
    if isinstance(outcome, Refused):
        log.refused.append(outcome)
    else:
        log.admitted.append((time.time(), outcome))


def _watch(services: Services, log: LoadLog, over: threading.Event) -> None:
    while not over.wait(1.0):
        with suppress(StoreError):
            log.looks.append(read_stats(services))


def _await_answers(
    services: Services, patience_s: float, log: LoadLog, stop: threading.Event
) -> set[str]:
    """Return who has no answer in the end."""
    left = {admitted.job_id for _, admitted in log.admitted}
    moved_at = time.monotonic()
    while left and not stop.wait(0.5) and time.monotonic() - moved_at < patience_s:
        with suppress(StoreError):
            ended = set(_ended(services, sorted(left)[:_AT_ONCE]))
            if ended:
                moved_at = time.monotonic()
                left -= ended
    return left


def _ended(services: Services, job_ids: Sequence[str]) -> Iterator[str]:
    for job_id, outcome in zip(job_ids, services.ledger.outcomes(job_ids), strict=True):
        if outcome is not None:
            yield job_id
