"""The chat page as a plugin; its process is the web server (`suisai web`)."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from bots.plugins import Plugin
from bots.web.settings import WebSettings
from tasks.platform import Platform
from tasks.services import Services


class WebPlugin(Plugin):
    """The chat page."""

    names = ("web",)

    def platform(self, name: str, services: Services) -> Platform:
        from bots.web.platform import WebPlatform

        return WebPlatform(services)

    def settings(self) -> type[BaseSettings]:
        return WebSettings


PLUGIN = WebPlugin()
