"""The `Platform` protocol and the registry of installed platforms."""

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
    """The interface of a messaging platform for the workers. Methods are called from several threads.

    A package registers its platforms with a plugin, see `PlatformPlugin`.
    """

    name: str

    def quota(self) -> RateLimit | None:
        """Return how many answers the platform lets the bot send, None if there is no limit."""
        ...

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        """Download one photo of the job.

        Raises `PhotoRefused` (e.g. too large), `PhotoUnavailable`, `PlatformPaused`, `TransientError`.
        """
        ...

    def answer(self, job: Job, answer: Answer) -> str:
        """Send the answer to the request's address; return its receipt, which is its id on the platform.

        Raises `Undeliverable`, `PlatformPaused`, `ChatRateLimited`, `TransientError`. After any other
        exception the outcome is unknown, and the next attempt begins with `find_answer`.
        """
        ...

    def find_answer(self, job: Job) -> str | None:
        """Return the receipt of an answer to this job that was already published, None if there is none.

        Called before a send is repeated whose outcome is unknown. Raises the same errors as `answer`.
        """
        ...

    def retract(self, receipt: str) -> None:
        """Delete the published answer with this receipt; do nothing if that is impossible.

        Called when the person is forgotten or the photo's owner opted out, possibly several times for
        one answer. Raises `PlatformPaused`, `ChatRateLimited`, `TransientError`.
        """
        ...


GROUP = "suisai.platforms"
"""The entry point group of plugin objects. A plugin contains all that a package adds for its platforms."""


class PlatformPlugin(Protocol):
    """The part of a plugin that workers use; `bots.plugins.Plugin` is the base class of plugins."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the plugin's platforms."""
        ...

    def platform(self, name: str, services: Services) -> Platform:
        """Create one of its platforms."""
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
    """The platforms of one process, each created when the first job needs it. Thread-safe."""

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
        """Call a platform's `retract`. Raises the same errors, and `UnknownPlatform`."""
        self[name].retract(receipt)

    def _load(self, name: str) -> Platform:
        for plugin in platform_plugins().values():
            if name in plugin.names:
                platform = plugin.platform(name, self._services)
                self._services.controls.announce_quota(name, platform.quota())
                return platform
        raise UnknownPlatform(f"no installed package provides the platform '{name}'")
