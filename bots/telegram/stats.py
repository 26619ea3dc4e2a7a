"""The operator's view: what waits, what is paused, what was counted. Names and numbers only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.records import text
from tasks.services import Services


class Stats:
    """Figures of the whole bot, all processes and platforms together."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def text(self) -> str:
        """Return one line per figure."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        switches = self._services.switches
        yield f"ladder: {switches.ladder()}"
        yield f"engine: {switches.engine() or '-'}"
        for what, until in sorted(switches.paused().items()):
            yield f"paused: {what}" + (f" until {until:.0f}" if until else "")
        namespace = self._services.settings.namespace
        counts: Mapping[Any, Any] = self._services.redis.hgetall(f"{namespace}:counts")
        for name in sorted(counts):
            yield f"{text(name)}: {int(counts[name])}"
