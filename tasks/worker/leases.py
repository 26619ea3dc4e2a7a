"""Renews the leases of a process while it works on their jobs, and detects lost ones."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from redis.exceptions import RedisError

from tasks.ledger.ledger import Ledger
from tasks.models import Claim

_log = structlog.get_logger()


class LeaseRenewer:
    """One thread per process that renews every lease the process holds, three times per lease."""

    def __init__(self, ledger: Ledger, lease_s: float) -> None:
        self._ledger = ledger
        self._every_s = lease_s / 3
        self._lock = threading.Lock()
        self._held: dict[tuple[str, int], Claim] = {}
        self._lost: set[tuple[str, int]] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing; leases that are still held expire."""
        self._stop.set()
        self._thread.join()

    @contextmanager
    def renewing(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Renew the leases of these claims while the block runs."""
        keys = [_key(claim) for claim in claims]
        with self._lock:
            self._held.update(zip(keys, claims, strict=True))
        try:
            yield
        finally:
            with self._lock:
                for key in keys:
                    self._held.pop(key, None)
                    self._lost.discard(key)

    def lost(self, claim: Claim) -> bool:
        """Return whether the last renewal found that this claim expired or its job was cancelled."""
        with self._lock:
            return _key(claim) in self._lost

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            try:
                self._renew()
            except RedisError as error:
                _log.warning("leases_not_renewed", error=type(error).__name__, action="retry")

    def _renew(self) -> None:
        with self._lock:
            held = list(self._held.values())
        for stage in {claim.stage for claim in held}:
            mine = [claim for claim in held if claim.stage == stage]
            lost = self._ledger.renew(mine)
            with self._lock:
                self._lost.update(_key(claim) for claim in mine if claim.job.id in lost)


def _key(claim: Claim) -> tuple[str, int]:
    return claim.job.id, claim.fence
