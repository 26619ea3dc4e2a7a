"""Backoff for a platform that does not answer, logged once per outage."""

from __future__ import annotations

import time

import structlog

_log = structlog.get_logger()


class Outage:
    """Consecutive failures of one repeated call: decides how long to wait and what to log.

    The first failure of each kind is a warning, the others are debug lines, the end is one info line.
    """

    def __init__(self, event: str, first_s: float = 0.5, longest_s: float = 60.0) -> None:
        """`event`: begins the names of the log lines, e.g. `polling` of `polling_failed`."""
        self._event = event
        self._first_s, self._longest_s = first_s, longest_s
        self._began = 0.0
        self._kinds: set[str] = set()
        self._failures = self._doublings = 0

    def failed(self, kind: str, error: str, pause_s: float | None = None, **facts: object) -> float:
        """Record a failure; return the seconds to wait: `pause_s`, else twice the previous wait.

        `kind` groups failures whose texts differ; only the first of each kind is a warning.
        """
        if not self._failures:
            self._began = time.monotonic()
        self._failures += 1
        if pause_s is None:
            pause_s = min(self._longest_s, self._first_s * 2.0 ** min(self._doublings, 30))
            self._doublings += 1
        log = _log.debug if kind in self._kinds else _log.warning
        self._kinds.add(kind)
        log(
            f"{self._event}_failed", error=error, action="retry", pause_s=round(pause_s, 1), **facts
        )
        return pause_s

    def over(self, **facts: object) -> None:
        """Record a success: ends the outage."""
        if not self._failures:
            return
        after_s = round(time.monotonic() - self._began, 1)
        _log.info(f"{self._event}_works_again", failures=self._failures, after_s=after_s, **facts)
        self._failures = self._doublings = 0
        self._kinds.clear()
