"""The fake X's script of faults: which requests fail, how, and how often."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any


@dataclass
class XFault:
    """A fault of requests like 'POST /2/tweets' (a prefix)."""

    where: str
    status: int = 0
    """The HTTP status; 0: no response, the connection is cut."""
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    skip: int = 0
    """Number of requests of this kind that succeed first."""
    after: bool = False
    """The request is executed; only its response is lost."""
    raw: bytes | None = None
    """A body that is not JSON."""


class XFaults:
    """Returns faults for requests, each as often as configured."""

    def __init__(self) -> None:
        self._waiting: list[XFault] = []
        self._lock = threading.Lock()

    def add(self, fault: XFault) -> None:
        """Add a fault."""
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._waiting.clear()

    def take(self, request: str) -> XFault | None:
        """Return the fault for a request like 'POST /2/tweets', if there is one."""
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
    """X's rate limits by route: a number of requests per window, then 429 with a reset header."""

    def __init__(self, window_s: float = 900.0) -> None:
        self.window_s = window_s
        self.limits: dict[str, int] = {}
        self._seen: dict[str, list[float]] = {}
        self._lock = threading.Lock()

    def over(self, route: str) -> float | None:
        """Count a request; return the time of the reset if it exceeds the limit."""
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
