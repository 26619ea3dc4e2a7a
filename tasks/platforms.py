"""Finds the platforms that are installed, by the entry point group `suisai.platforms`."""

from __future__ import annotations

import threading
from importlib.metadata import entry_points

from tasks.contract import Platform, UnknownPlatform
from tasks.services import Services

GROUP = "suisai.platforms"


class Platforms:
    """The platforms of one process, each opened when the first job needs it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lock = threading.Lock()
        self._open: dict[str, Platform] = {}

    def __getitem__(self, name: str) -> Platform:
        """Return the platform of this name. Raises `UnknownPlatform`."""
        with self._lock:
            if name not in self._open:
                self._open[name] = self._load(name)
            return self._open[name]

    def _load(self, name: str) -> Platform:
        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if not found:
            raise UnknownPlatform(f"no installed package speaks for the platform '{name}'")
        platform: Platform = found[0].load()(self._services)
        self._services.switches.announce_quota(name, platform.quota())
        return platform
