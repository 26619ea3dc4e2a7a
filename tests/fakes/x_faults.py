"""The fake X's script of faults: what goes wrong, where, and how often."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class XFault:
    """Something that goes wrong with requests like 'POST /2/tweets' (a prefix)."""

    where: str
    status: int = 0
    """0: no answer at all, the connection is cut."""
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    """Requests of this kind that go well before."""
    after: bool = False
    """The request is carried out all the same; only its answer is lost."""
    raw: bytes | None = None
    """A body that is no JSON."""


class XFaults:
    """Hands out faults to requests, each as often as it says."""

    def __init__(self) -> None:
        self._waiting: list[XFault] = []
        self._lock = threading.Lock()

    def add(self, fault: XFault) -> None:
        """Let something go wrong."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, request: str) -> XFault | None:
        """Return the fault for a request like 'POST /2/tweets', if one waits."""
        with self._lock:
            for fault in self._waiting:
                if not request.startswith(fault.where):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._waiting.remove(fault)
                return fault
        return None


class RateWindow:
    """X's limits by route: so many requests in a stretch of time, then 429 with a reset header."""

    def __init__(self, window_s: float = 900.0) -> None:
        self.window_s = window_s
        self.limits: dict[str, int] = {}
        self._seen: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def over(self, route: str) -> float | None:
        """Count a request; return the time of the reset where it is one too many."""
        limit = self.limits.get(route)
        if limit is None:
            return None
        now = time.time()
        with self._lock:
            seen = [at for at in self._seen.get(route, []) if now - at < self.window_s]
            if len(seen) >= limit:
                return seen[0] + self.window_s
            self._seen[route] = [*seen, now]
        return None
