"""The Telegram platform as a plugin."""

from __future__ import annotations

from pydantic_settings import BaseSettings
from starlette.routing import BaseRoute

from bots.findings import Checks
from bots.plugins import Adapter, Plugin, Questions
from tasks.platform import Platform
from tasks.services import Services


class TelegramPlugin(Plugin):
    """Telegram: a listener or a webhook, private chats and groups."""

    names = ("telegram",)

    def platform(self, name: str, services: Services) -> Platform:
        from bots.telegram.platform import TelegramPlatform

        return TelegramPlatform(services)

    def settings(self) -> type[BaseSettings]:
        from bots.telegram.settings import TelegramSettings

        return TelegramSettings

    def adapter(self) -> Adapter:
        from bots.telegram.listener.main import ADAPTER

        return ADAPTER

    def routes(self, services: Services) -> list[BaseRoute]:
        from bots.telegram.listener.webhook import routes

        return routes(services)

    def checks(self) -> Checks:
        from bots.telegram.doctor import check

        return check

    def setup(self) -> Questions:
        from bots.telegram.setup import TelegramSetup

        return TelegramSetup()


PLUGIN = TelegramPlugin()
