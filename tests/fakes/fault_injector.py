"""Random faults of a platform: 429s, lost responses, cut connections, outages."""

from __future__ import annotations

import random
import threading
from collections import Counter
from enum import StrEnum


class FaultKind(StrEnum):
    """One kind of fault of a call."""

    FLOOD = "calls answered 429"
    LOST = "responses lost after the effect"
    CUT = "connections cut"
    OUTAGE = "calls answered 502 or 503"


RATES = {FaultKind.FLOOD: 0.10, FaultKind.LOST: 0.05, FaultKind.CUT: 0.03, FaultKind.OUTAGE: 0.02}
"""Share of all calls."""


class FaultInjector:
    """Draws a fault, or none, for each call, and counts them."""

    def __init__(self, seed: int, *, enabled: bool = True) -> None:
        self.counts: Counter[str] = Counter()
        self._rng = random.Random(seed)
        self._enabled = enabled
        self._lock = threading.Lock()

    def draw(self, *possible: FaultKind) -> FaultKind | None:
        """Return the fault of a call, one of `possible`, or None."""
        with self._lock:
            drawn = self._rng.random()
            for fault in possible if self._enabled else ():
                drawn -= RATES[fault]
                if drawn < 0:
                    self.counts[fault] += 1
                    return fault
            return None
