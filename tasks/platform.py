"""The `Platform` protocol and the registry of the platforms that are installed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from typing import Protocol

from tasks.errors import UnknownPlatform
from tasks.models import Answer, Job, PhotoRef, RateLimit
from tasks.services import Services


class Platform(Protocol):
    """A place where people talk to the bot, as the workers see it. Methods are called from threads.

    A package names its platforms in a plugin, see `PlatformPlugin`.
    """

    name: str

    def quota(self) -> RateLimit | None:
        """Say how many answers the platform lets the bot send, None where nothing limits it."""
        ...

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        """Download one photo of the job.

        Raises `PhotoRefused` (no photo, too large), `PhotoUnavailable`, `PlatformPaused`, `TransientError`.
        """
        ...

    def answer(self, job: Job, answer: Answer) -> str:
        """Send the answer where the ask came from and return its receipt, the platform's id of it.

        Raises `Undeliverable`, `PlatformPaused`, `ChatRateLimited`, `TransientError`; any other error
        leaves open whether the answer stands, and the next try begins with `find_answer`.
        """
        ...

    def find_answer(self, job: Job) -> str | None:
        """Return the receipt of an answer to this job that already stands, None when there is none.

        Called before a second try of a send whose outcome is unknown. Raises as `answer` does.
        """
        ...

    def retract(self, receipt: str) -> None:
        """Delete a published answer, named by its receipt; do nothing where that is impossible.

        Its person is forgotten, or the owner of its photo opted out. May be called again for the
        same answer. Raises `PlatformPaused`, `ChatRateLimited`, `TransientError`.
        """
        ...


GROUP = "suisai.platforms"
"""Entry points of this group name a plugin object: all that a package adds for its platforms."""


class PlatformPlugin(Protocol):
    """What the workers need of a plugin; `bots.plugins.Plugin` is the base class with the rest."""

    @property
    def names(self) -> tuple[str, ...]:
        """The platforms that the plugin opens."""
        ...

    def platform(self, name: str, services: Services) -> Platform:
        """Open one of its platforms."""
        ...


def platform_plugins() -> dict[str, PlatformPlugin]:
    """Return the plugins of all installed packages, by the name of the entry point."""
    return dict(_installed(tuple(sys.path)))


@lru_cache(maxsize=4)
def _installed(_path: tuple[str, ...]) -> Mapping[str, PlatformPlugin]:
    """Look through all installed packages: tens of milliseconds, and always the same for one path."""
    points = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def platform_names() -> list[str]:
    """Return the names of all installed platforms."""
    return sorted({name for plugin in platform_plugins().values() for name in plugin.names})


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

    def retract(self, name: str, receipt: str) -> None:
        """Delete a published answer of a platform. Raises as `Platform.retract`, `UnknownPlatform`."""
        self[name].retract(receipt)

    def _load(self, name: str) -> Platform:
        for plugin in platform_plugins().values():
            if name in plugin.names:
                platform = plugin.platform(name, self._services)
                self._services.controls.announce_quota(name, platform.quota())
                return platform
        raise UnknownPlatform(f"no installed package opens the platform '{name}'")
