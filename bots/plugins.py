"""Plugins: everything that a package adds for its platforms, in one object.

The entry point group `suisai.platforms` names the object. Its methods import their modules when they are
called, because every process loads every plugin, and few processes need Telegram's or X's library.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from prometheus_client import Metric
from pydantic_settings import BaseSettings
from starlette.routing import BaseRoute

from bots.findings import Checks
from pipeline.errors import UserFacingError
from tasks.platform import Platform, platform_plugins
from tasks.services import Services

Metrics = Callable[[Services], Iterable[Metric]]
"""A platform's own metrics, read at each scrape."""


class UnknownAdapter(UserFacingError):
    """No installed plugin has a listener for this platform."""


class NotAccepted(Exception):
    """The platform rejected the answers; the message says why and what to do."""


class NotChecked(Exception):
    """The answers could not be checked with the platform; the message says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """One setting that `suisai setup` asks for."""

    variable: str
    """Its name in the environment, e.g. `SUISAI_TELEGRAM_TOKEN`."""
    words: str
    secret: bool = False
    needed: bool = True
    """False: an empty answer leaves it unset."""


class Questions(Protocol):
    """What `suisai setup` asks for one platform."""

    title: str
    how: str
    """Where the operator finds these values, in a sentence or two."""
    questions: tuple[Question, ...]

    def is_answered(self) -> bool:
        """Return whether the present settings are already complete."""
        ...

    def check(self, answers: Mapping[str, str]) -> str:
        """Check the answers with the platform and return the result in one line.

        Raises `NotAccepted`, `NotChecked`.
        """
        ...


class Adapter:
    """A platform's listener process, and whether the operator has configured the platform."""

    def __init__(
        self, run: Callable[[Services, threading.Event], None], wanted: Callable[[], bool]
    ) -> None:
        self.run = run
        """Run the listener until the event is set."""
        self.wanted = wanted
        """Return whether `suisai up` should start it."""


class Plugin:
    """Base class of a plugin: a package overrides what its platforms have."""

    names: tuple[str, ...] = ()
    """The platforms that `platform` opens."""

    def platform(self, name: str, services: Services) -> Platform:
        """Open one of its platforms, for the workers."""
        raise NotImplementedError(f"the plugin opens no platform '{name}'")

    def settings(self) -> type[BaseSettings] | None:
        """Return the settings class: for `.env`, `suisai doctor` and the redaction of secrets."""
        return None

    def adapter(self) -> Adapter | None:
        """Return the listener, which runs in a process of its own."""
        return None

    def routes(self, services: Services) -> list[BaseRoute]:
        """Return the platform's routes for the web process, e.g. webhooks."""
        return []

    def checks(self) -> Checks | None:
        """Return the platform's checks for `suisai doctor`."""
        return None

    def metrics(self) -> Metrics | None:
        """Return the platform's own metrics for /metrics."""
        return None

    def setup(self) -> Questions | None:
        """Return the questions of `suisai setup` for the platform."""
        return None


def plugins() -> dict[str, Plugin]:
    """Return the plugins of all installed packages, by name.

    Objects that only implement a platform for workers (no subclass of `Plugin`) are left out.
    """
    return {n: plugin for n, plugin in platform_plugins().items() if isinstance(plugin, Plugin)}


def adapters() -> Mapping[str, Adapter]:
    """Return the listeners of all installed platforms, by name."""
    found = {name: plugin.adapter() for name, plugin in plugins().items()}
    return {name: adapter for name, adapter in found.items() if adapter is not None}


def adapter(name: str) -> Adapter:
    """Return one platform's listener. Raises `UnknownAdapter`."""
    found = adapters()
    if name not in found:
        raise UnknownAdapter(f"There is no platform '{name}'; there are: {', '.join(found)}.")
    return found[name]


def routes(services: Services) -> list[BaseRoute]:
    """Return the routes that all plugins add to the web process."""
    return [route for plugin in plugins().values() for route in plugin.routes(services)]
