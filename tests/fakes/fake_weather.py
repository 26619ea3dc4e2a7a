"""What goes wrong on a platform by chance: floods, lost responses, cut connections, outages."""

from __future__ import annotations

import random
import threading
from collections import Counter
from enum import StrEnum


class Mishap(StrEnum):
    """One way in which a call goes wrong."""

    FLOOD = "calls answered 429"
    LOST = "responses lost after the deed"
    CUT = "connections cut"
    OUTAGE = "calls answered 502 or 503"


RATES = {Mishap.FLOOD: 0.10, Mishap.LOST: 0.05, Mishap.CUT: 0.03, Mishap.OUTAGE: 0.02}
"""Of all calls."""


class Weather:
    """Draws, call by call, what goes wrong, and counts it. Fair weather: nothing does."""

    def __init__(self, seed: int, *, fair: bool = False) -> None:
        self.counts: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._fair = fair
        self._lock = threading.Lock()

    def draw(self, *possible: Mishap) -> Mishap | None:
        """Return what goes wrong with a call, one of `possible`, or None."""
        with self._lock:
            drawn = self._chance.random()
            for mishap in () if self._fair else possible:
                drawn -= RATES[mishap]
                if drawn < 0:
                    self.counts[mishap] += 1
                    return mishap
            return None
