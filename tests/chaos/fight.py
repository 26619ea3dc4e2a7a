"""What happens to the bot while people ask: everything killed at random, or restarted in turn."""

from __future__ import annotations

import time
from collections.abc import Callable

from tasks.services import Services
from tests.chaos.battlefield import Battlefield
from tests.chaos.world import Books

KILL_EVERY_S = (1.0, 3.5)
VALKEY_EVERY_S = (8.0, 16.0)
MISCHIEF_RATE = 0.3
"""Of the looks at the wake-ups, ten a second, that drop one or send one twice."""
_PULSE_S = 0.1
_LOOK_EVERY_S = 0.5


class Killing:
    """Kills a process every few seconds, the server now and then, and meddles with wake-ups."""

    def __init__(self, field: Battlefield) -> None:
        self._field = field
        self._kill_at, self._valkey_at = 8.0, 12.0

    def __call__(self, now: float) -> None:
        """Do what is due, `now` seconds after the beginning."""
        field, chance = self._field, self._field.chance
        field.keep_up()
        if now > self._kill_at:
            field.kill_somebody()
            self._kill_at = now + chance.uniform(*KILL_EVERY_S)
        if now > self._valkey_at:
            field.kill_valkey()
            self._valkey_at = now + chance.uniform(*VALKEY_EVERY_S)
        if chance.random() < MISCHIEF_RATE:
            field.meddle()


class Rolling:
    """Restarts one process after the other, each once the one before is at work again."""

    def __init__(self, field: Battlefield, services: Services) -> None:
        self._field = field
        self._services = services
        self._turn = 0
        field.keep_up()

    def __call__(self, _: float) -> None:
        """Restart the next, as soon as everybody is at work."""
        if len(self._services.presence.alive()) < len(self._field.names):
            return
        self._field.restart(self._field.names[self._turn % len(self._field.names)])
        self._turn += 1

    @property
    def is_round(self) -> bool:
        """Everybody had a turn."""
        return self._turn >= len(self._field.names)


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
        field.world.act()
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
