"""What happens to the bot while people ask: everything killed at random, or restarted in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from tools.chaos.battlefield import Battlefield
from tools.chaos.world import Books

KILL_EVERY = (0.5, 1.5)
VALKEY_FIRST = (0.5, 1.5)
VALKEY_EVERY = (3.0, 6.0)
"""In times of what the whole bot needs to come up: two to three seconds on a calm machine."""
MISCHIEF_RATE = 0.3
"""Of the looks at the wake-ups, ten a second, that drop one or send one twice."""
_DOWN_AT_ONCE = 1
"""Processes that may be coming up when the next is killed."""
_AT_ONCE = 5
_PULSE_S = 0.1
"""Blows fall by the clock: between two looks at it nothing is waited for."""
_LOOK_EVERY_S = 0.5


class Killing:
    """Kills a process every few seconds, the server now and then, and meddles with wake-ups.

    Nobody is killed before everybody has come up once, nor while two are still coming up. How long
    the first took sets the pace: on a machine of any speed some work is done between the blows.
    """

    def __init__(self, field: Battlefield) -> None:
        self._field = field
        self._pace_s = 0.0
        self._kill_at, self._valkey_at = 0.0, 0.0

    def __call__(self, now: float) -> None:
        """Do what is due, `now` seconds after the beginning."""
        field, chance = self._field, self._field.chance
        field.keep_up()
        field.world.act(_AT_ONCE)
        if chance.random() < MISCHIEF_RATE:
            field.meddle()
        at_work = sorted(field.at_work())
        if len(at_work) < len(field.names) - (_DOWN_AT_ONCE if self._pace_s else 0):
            return
        if not self._pace_s:
            self._pace_s, self._valkey_at = now, now + self._some(VALKEY_FIRST, now)
        if now > self._kill_at:
            field.kill(chance.choice(at_work))
            self._kill_at = now + self._some(KILL_EVERY, self._pace_s)
        if now > self._valkey_at:
            field.kill_valkey()
            self._valkey_at = now + self._some(VALKEY_EVERY, self._pace_s)

    def _some(self, between: tuple[float, float], pace_s: float) -> float:
        return pace_s * self._field.chance.uniform(*between)


class Rolling:
    """Restarts one process after the other, each once the one before is at work again.

    Before each restart its share of the people ask, so that all of them happen under load.
    """

    def __init__(self, field: Battlefield, jobs: int) -> None:
        self._field = field
        steps = [jobs * n // len(field.names) for n in range(len(field.names) + 1)]
        shares = [end - begin for begin, end in pairwise(steps)]
        self._left = list(zip(field.names, shares, strict=True))
        field.keep_up()

    def __call__(self, _: float) -> None:
        """Restart the next, as soon as everybody is at work and people have asked."""
        if not self._left or len(self._field.at_work()) < len(self._field.names):
            return
        name, share = self._left[0]
        if self._field.world.act(share) or not share:
            self._left.pop(0)
            self._field.restart(name)

    @property
    def is_round(self) -> bool:
        """Everybody had a turn."""
        return not self._left


def fight(
    field: Battlefield,
    blow: Callable[[float], None],
    patience_s: float,
    is_over: Callable[[], bool] = lambda: True,
) -> Books:
    """Let people ask and blows fall until all have an answer, or patience ends; return the books."""
    began = time.monotonic()
    look_at = 0.0
    while (now := time.monotonic() - began) < patience_s:
        blow(now)
        if now > look_at:
            look_at = now + _LOOK_EVERY_S
            if field.world.books().lost == 0 and is_over():
                break
        time.sleep(_PULSE_S)
    calm_until = time.monotonic() + 3 * field.settings.lease_s
    while time.monotonic() < calm_until:  # whoever would answer twice may do so now
        field.keep_up()
        time.sleep(_PULSE_S)
    return field.world.books()
