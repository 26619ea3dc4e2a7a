"""The fake platform as a plugin."""

from __future__ import annotations

from bots.plugins import Adapter, Plugin
from tasks.platform import Platform
from tasks.services import Services
from tests.fakes.site.suisai_fake import FakePlatform
from tests.fakes.site.suisai_fake.listen import run


class FakePlugin(Plugin):
    """The fake platform."""

    names = ("fake",)

    def platform(self, name: str, services: Services) -> Platform:
        return FakePlatform(services)

    def adapter(self) -> Adapter:
        return Adapter(run, lambda: True)


PLUGIN = FakePlugin()
