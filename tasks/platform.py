"""The `Platform` protocol and the registry of the platforms that are installed."""

from __future__ import annotations

import threading
from importlib.metadata import entry_points
from typing import Protocol

from tasks.errors import (
    UnknownPlatform,
)
from tasks.models import Answer, Job, PhotoRef, RateLimit
from tasks.services import Services


class Platform(Protocol):
    """A place where people talk to the bot, as the workers see it. Methods are called from threads.

    Implementations are found by the entry point group `suisai.platforms`; the entry point names a
    class that is called with `Services`.
    """

    name: str

    def __init__(self, services: Services) -> None: ...

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
        found = [point for point in entry_points(group=GROUP) if point.name == name]
        if not found:
            raise UnknownPlatform(f"no installed package speaks for the platform '{name}'")
        platform: Platform = found[0].load()(self._services)
        self._services.controls.announce_quota(name, platform.quota())
        return platform
