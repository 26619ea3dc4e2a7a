"""Updates as Telegram sends them, for tests that need no server."""

from __future__ import annotations

from typing import Any

from telegram import Update

from bots.telegram.events import BotIdentity, Event, MessageEvent
from bots.telegram.listener.parser import parse_update

ME = BotIdentity(777, "suisai_bot")
ANN = {"id": 11, "is_bot": False, "first_name": "Ann", "language_code": "ja"}
BEN = {"id": 12, "is_bot": False, "first_name": "Ben"}
THE_BOT = {"id": 777, "is_bot": True, "first_name": "Suisai", "username": "suisai_bot"}
PRIVATE = {"id": 11, "type": "private", "first_name": "Ann"}
GROUP = {"id": -100_123, "type": "supergroup", "title": "Friends"}


def sizes(file_id: str = "big") -> list[dict[str, Any]]:
    """Return a photo in two sizes, the larger named."""
    return [
        {"file_id": "small", "file_unique_id": "us", "width": 90, "height": 60},
        {"file_id": file_id, "file_unique_id": "ub", "width": 1280, "height": 853},
    ]


def message(sender: dict[str, Any] | None = None, **content: Any) -> dict[str, Any]:
    """Return a message from Ann in private, or as told."""
    return {
        "message_id": 5,
        "date": 1_760_000_000,
        "chat": PRIVATE,
        "from": sender or ANN,
        **content,
    }


def entities(text: str, *marked: tuple[str, str]) -> list[dict[str, Any]]:
    """Return entities of these kinds for these parts of a text, in UTF-16 units."""
    found = []
    for kind, part in marked:
        before = text[: text.index(part)]
        offset, length = len(before.encode("utf-16-le")) // 2, len(part.encode("utf-16-le")) // 2
        found.append({"type": kind, "offset": offset, "length": length})
    return found


def news(**content: Any) -> Event | None:
    """Return the event that an update is parsed into."""
    return parse_update(Update.de_json({"update_id": 1, **content}, None), ME)


def heard(**content: Any) -> MessageEvent:
    """Return the event that a message is parsed into."""
    found = news(message=message(**content))
    assert isinstance(found, MessageEvent)
    return found
