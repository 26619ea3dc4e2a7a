"""Runs a load test: many people send requests within minutes; the outcome of each is recorded."""

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
"""Share of the people who send the same photo."""

_THREADS = 8

_RESEND_S = 0.5

_LOOKUP_BATCH = 2000
"""Jobs whose outcome is read in one round trip."""


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """How many people send a request, and in what time; the rate peaks after a third of it."""

    people: int
    minutes: float
    patience_s: float = 60.0
    """Stop waiting if no job has ended for this many seconds."""
    seed: int = 7

    def arrivals(self) -> list[float]:
        """Return when each request is sent: seconds from the start, ascending."""
        chance, length_s = random.Random(self.seed), self.minutes * 60  # noqa: S311 - no secret hangs on it
        times = (chance.triangular(0, length_s, length_s / 3) for _ in range(self.people))
        return sorted(times)


@dataclass
class LoadLog:
    """What happened during a load test."""

    sent_s: list[float] = field(default_factory=list)
    """When each request was sent, seconds from the start."""
    admitted: list[tuple[float, Admitted]] = field(default_factory=list)
    """Time of the admission (seconds since the epoch), and its result."""
    refused: list[Refused] = field(default_factory=list)
    intake_s: list[float] = field(default_factory=list)
    """Duration of each admission, seconds."""
    resent: list[str] = field(default_factory=list)
    """The person of each request that was sent again because the ledger did not answer."""
    samples: list[FleetStats] = field(default_factory=list)
    """The state of the bot, once a second."""
    stopped: bool = False
    """The operator stopped it before every job had ended."""


def run_load_test(
    services: Services, profile: LoadProfile, stop: threading.Event, log: LoadLog | None = None
) -> LoadLog:
    """Send all requests, then wait until every accepted job has ended or nothing moves any more.

    `log` is filled during the run, so that another thread can show progress. The bot's processes and
    the ledger's server may be restarted during the run: a request that gets no reply is sent again, as
    platforms redeliver events that were not confirmed.
    """
    log, over = log or LoadLog(), threading.Event()
    watcher = threading.Thread(target=_watch, args=(services, log, over), daemon=True)
    watcher.start()
    _send_requests(services, profile, log, stop)
    left = _await_ends(services, profile.patience_s, log, stop)
    log.stopped = stop.is_set() and bool(left)
    over.set()
    watcher.join()
    return log


def _send_requests(
    services: Services, profile: LoadProfile, log: LoadLog, stop: threading.Event
) -> None:
    run, chance = secrets.token_hex(4), random.Random(profile.seed)  # noqa: S311 - no secret hangs on it
    began, sending = time.monotonic(), []
    with ThreadPoolExecutor(_THREADS) as pool:
        for number, at in enumerate(profile.arrivals()):
            if stop.wait(max(0.0, began + at - time.monotonic())):
                break
            person = f"{run}-{number}"
            photo = f"{run}-viral" if chance.random() < _VIRAL else person
            request = PaintRequest(NAME, person, person, person, (PhotoRef(photo),), private=False)
            sending.append(pool.submit(_send, services, log, request, began, stop))
    for sent in sending:
        sent.result()


def _send(
    services: Services, log: LoadLog, request: PaintRequest, began: float, stop: threading.Event
) -> None:
    sent = time.monotonic()
    log.sent_s.append(sent - began)
    outcome = None
    while outcome is None:
        try:
            outcome = services.ledger.admit(request)
        except StoreError:
            log.resent.append(request.person)
            if stop.wait(_RESEND_S):
                return
    log.intake_s.append(time.monotonic() - sent)
    if isinstance(outcome, Refused):
        log.refused.append(outcome)
    else:
        log.admitted.append((time.time(), outcome))


def _watch(services: Services, log: LoadLog, over: threading.Event) -> None:
    while not over.wait(1.0):
        with suppress(StoreError):
            log.samples.append(read_stats(services))


def _await_ends(
    services: Services, patience_s: float, log: LoadLog, stop: threading.Event
) -> set[str]:
    """Return the ids of the jobs that have not ended."""
    left = {admitted.job_id for _, admitted in log.admitted}
    moved_at = time.monotonic()
    while left and not stop.wait(0.5) and time.monotonic() - moved_at < patience_s:
        with suppress(StoreError):
            ended = set(_ended(services, sorted(left)[:_LOOKUP_BATCH]))
            if ended:
                moved_at = time.monotonic()
                left -= ended
    return left


def _ended(services: Services, job_ids: Sequence[str]) -> Iterator[str]:
    for job_id, outcome in zip(job_ids, services.ledger.outcomes(job_ids), strict=True):
        if outcome is not None:
            yield job_id
