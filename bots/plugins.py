"""What installed packages add at the edge: platforms that listen, and routes of the web process.

What `suisai setup` asks, and the protocol by which a platform brings its own questions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Protocol

from starlette.routing import BaseRoute

from pipeline.errors import UserFacingError
from tasks.services import Services

ADAPTERS = "suisai.adapters"
"""Entry points of this group name a `Adapter`."""

ROUTES = "suisai.routes"
"""Entry points of this group name a function from `Services` to a list of routes."""


class UnknownAdapter(UserFacingError):
    """No installed package listens to this platform."""


class Adapter:
    """A platform's own process, and whether the operator has set the platform up."""

    def __init__(
        self, run: Callable[[Services, threading.Event], None], wanted: Callable[[], bool]
    ) -> None:
        self.run = run
        """Listens until the event is set."""
        self.wanted = wanted
        """Tells whether `suisai up` should start it."""


def adapters() -> Mapping[str, Adapter]:
    """Return every installed platform that has a process of its own, by name."""
    points = sorted(entry_points(group=ADAPTERS), key=lambda point: point.name)
    return {point.name: point.load() for point in points}


def adapter(name: str) -> Adapter:
    """Return one platform's. Raises `UnknownAdapter`."""
    found = adapters()
    if name not in found:
        raise UnknownAdapter(f"There is no platform '{name}'; there are: {', '.join(found)}.")
    return found[name]


def routes(services: Services) -> list[BaseRoute]:
    """Return what all packages add to the web process."""
    points = sorted(entry_points(group=ROUTES), key=lambda point: point.name)
    return [route for point in points for route in point.load()(services)]


GROUP = "suisai.setup"
"""Entry points of this group name objects that follow `Questions`."""


class NotAccepted(Exception):
    """What was typed does not work; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Question:
    """One setting to ask for."""

    variable: str
    """As in the environment, e.g. `SUISAI_TELEGRAM_TOKEN`."""
    words: str
    secret: bool = False
    needed: bool = True
    """False: an empty answer leaves it unset."""


class Questions(Protocol):
    """What one platform must know before it can speak."""

    title: str
    how: str
    """Where the operator gets what is asked for, in a sentence or two."""
    questions: tuple[Question, ...]

    def is_answered(self) -> bool:
        """Tell whether the settings in force are enough already."""
        ...

    def check(self, answers: Mapping[str, str]) -> str:
        """Try the answers at once and say in one line what came of it. Raises `NotAccepted`."""
        ...
