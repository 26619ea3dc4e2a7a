"""What installed packages add at the edge: platforms that listen, and routes of the web process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from starlette.routing import BaseRoute

from pipeline.contract import Explained
from tasks.services import Services

ADAPTERS = "suisai.adapters"
"""Entry points of this group name a `Adapter`."""
ROUTES = "suisai.routes"
"""Entry points of this group name a function from `Services` to a list of routes."""


class NobodyListens(Explained):
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
    """Return one platform's. Raises `NobodyListens`."""
    found = adapters()
    if name not in found:
        raise NobodyListens(f"There is no platform '{name}'; there are: {', '.join(found)}.")
    return found[name]


def routes(services: Services) -> list[BaseRoute]:
    """Return what all packages add to the web process."""
    points = sorted(entry_points(group=ROUTES), key=lambda point: point.name)
    return [route for point in points for route in point.load()(services)]
