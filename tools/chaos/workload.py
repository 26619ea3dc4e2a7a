"""The photos that people send: mostly different ones, some equal ones, and a few that cannot be painted."""

from __future__ import annotations

import random

UNPAINTABLE = "unpaintable"
VIRAL = "viral"
DISTINCT_PEOPLE = 97
"""The number of people, who send one after the other."""
_UNPAINTABLE_RATE = 0.02
_VIRAL_RATE = 0.1


class Workload:
    """The requests of a chaos run, in order."""

    def __init__(self, jobs: int, seed: int, *, faulty: bool) -> None:
        self.of = jobs
        self._rng = random.Random(seed)
        self._unpaintable_rate = _UNPAINTABLE_RATE if faulty else 0.0
        self._sent = 0

    def next(self, most: int) -> list[tuple[int, str]]:
        """Return number and photo of up to `most` further requests.

        The name of a photo that cannot be painted begins with `UNPAINTABLE`.
        """
        numbers = range(self._sent, min(self.of, self._sent + most))
        self._sent = numbers.stop
        return [(number, self._photo(number)) for number in numbers]

    def _photo(self, number: int) -> str:
        draw = self._rng.random()
        if draw < self._unpaintable_rate:
            return f"{UNPAINTABLE}-{number}"
        return VIRAL if draw < self._unpaintable_rate + _VIRAL_RATE else f"photo-{number}"
