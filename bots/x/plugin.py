"""X as a plugin: mentions, and direct messages as a platform of their own."""

from __future__ import annotations

from pydantic_settings import BaseSettings
from starlette.routing import BaseRoute

from bots.findings import Checks
from bots.plugins import Adapter, Metrics, Plugin, Questions
from tasks.platform import Platform
from tasks.services import Services


class XPlugin(Plugin):
    """X: one listener for both platforms, since they share account, budget and login."""

    names = ("x", "x-dm")

    def platform(self, name: str, services: Services) -> Platform:
        from bots.x.platform import XDirectMessages, XPlatform

        return XPlatform(services) if name == "x" else XDirectMessages(services)

    def settings(self) -> type[BaseSettings]:
        from bots.x.settings import XSettings

        return XSettings

    def adapter(self) -> Adapter:
        from bots.x.listener.poller import ADAPTER

        return ADAPTER

    def routes(self, services: Services) -> list[BaseRoute]:
        from bots.x.listener.webhook import routes

        return routes(services)

    def checks(self) -> Checks:
        from bots.x.doctor import check

        return check

    def metrics(self) -> Metrics:
        from bots.x.metrics import metrics

        return metrics

    def setup(self) -> Questions:
        from bots.x.setup import XSetup

        return XSetup()


PLUGIN = XPlugin()
