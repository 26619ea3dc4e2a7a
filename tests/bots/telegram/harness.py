"""A running bot and a fake Telegram, with people and groups for a test."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image

from tasks.services import Services
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_world import Chat, Json
from tests.photos import photo
from tests.stack import Stack

ADMIN = 9_000_001
"""The operator's account in every test."""


@dataclass
class TelegramHarness:
    """The fake server, the bot's processes and ledger, and new people and groups."""

    api: TelegramApi
    stack: Stack
    services: Services
    _people: Iterator[int] = field(default_factory=lambda: itertools.count(1_001))
    _groups: Iterator[int] = field(default_factory=lambda: itertools.count(1_001))

    def person(self) -> int:
        """Return the id of a new person."""
        return next(self._people)

    def group(self) -> Chat:
        """Return a new group that the bot is in."""
        return self.api.world.chat(-1_000_000_000_000 - next(self._groups))

    def painting(self, message: Json) -> Json:
        """Wait for the painting that answers a message."""
        place = self.api.world.chat(message["chat"]["id"])
        shown = self.api.world.wait(
            lambda: place.paintings(message["message_id"]), what=f"a painting in {place.id}"
        )
        return shown[-1]

    def words(self, chat: int, part: str) -> Json:
        """Wait for a text of the bot in a chat."""
        place = self.api.world.chat(chat)
        return self.api.world.wait(
            lambda: next((m for m in place.of_bot() if part in m.get("text", "")), None),
            what=f"{part!r} in {chat}",
        )


def snapshot(number: int) -> bytes:
    """Return a small JPEG photo; another number is another photo."""
    pixels = photo("cat", 160).copy()
    pixels[:8, :8] = (number * 37 % 256, number * 101 % 256, number // 7 % 256)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()
