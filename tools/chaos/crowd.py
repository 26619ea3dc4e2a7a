"""What people send: mostly photos of their own, some the one that goes round, a few no good ones."""

from __future__ import annotations

import random

POISON = "poison"
VIRAL = "viral"
PEOPLE = 97
"""Who has asked comes again after so many others."""
_POISON_RATE = 0.02
_VIRAL_RATE = 0.1


class Crowd:
    """Names the photos of a platform's people, one after the other."""

    def __init__(self, jobs: int, seed: int, *, faulty: bool) -> None:
        self.of = jobs
        self._chance = random.Random(seed)
        self._poison_rate = _POISON_RATE if faulty else 0.0
        self._come = 0

    def next(self, most: int) -> list[tuple[int, str]]:
        """Return number and photo of up to `most` who have not asked yet.

        The name of a photo that cannot be painted begins with `POISON`.
        """
        numbers = range(self._come, min(self.of, self._come + most))
        self._come = numbers.stop
        return [(number, self._photo(number)) for number in numbers]

    def _photo(self, number: int) -> str:
        draw = self._chance.random()
        if draw < self._poison_rate:
            return f"{POISON}-{number}"
        return VIRAL if draw < self._poison_rate + _VIRAL_RATE else f"photo-{number}"
