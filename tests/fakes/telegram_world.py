"""Chats, messages, files and people of the fake Telegram, in the Bot API's JSON."""

from __future__ import annotations

import copy
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, TypeVar

from PIL import Image

Json = dict[str, Any]
T = TypeVar("T")

BOT: Json = {
    "id": 777,
    "is_bot": True,
    "first_name": "Suisai",
    "username": "suisai_bot",
    "can_join_groups": True,
    "can_read_all_group_messages": False,
    "supports_inline_queries": True,
}


@dataclass
class Chat:
    """One chat and its messages."""

    id: int
    type: str = "private"
    is_forum: bool = False
    messages: dict[int, Json] = field(default_factory=dict)
    closed_topics: set[int] = field(default_factory=set)
    barred: str = ""
    """The description with which every message of the bot is refused."""
    moved_to: int | None = None
    forbidden: set[str] = field(default_factory=set)
    """Kinds of messages that are not allowed, of `text`, `photo` and `document`."""
    reactions_off: bool = False
    admins: set[int] = field(default_factory=set)
    reactions: dict[int, str] = field(default_factory=dict)
    actions: list[str] = field(default_factory=list)

    def json(self) -> Json:
        """Return the chat in the format of updates."""
        if self.type == "private":
            return {"id": self.id, "type": self.type, "first_name": f"Person {self.id}"}
        shown: Json = {"id": self.id, "type": self.type, "title": f"Group {self.id}"}
        return {**shown, "is_forum": True} if self.is_forum else shown

    def of_bot(self) -> list[Json]:
        """Return the bot's messages that are not deleted, in order."""
        return [m for m in self.messages.values() if m.get("from", {}).get("id") == BOT["id"]]

    def paintings(self, answering: int | None = None) -> list[Json]:
        """Return the bot's messages that show a picture, or those that answer one message."""
        shown = [m for m in self.of_bot() if "photo" in m or "document" in m]
        if answering is None:
            return shown
        return [m for m in shown if m.get("reply_to_message", {}).get("message_id") == answering]


class TelegramWorld:
    """The state of the server. Every change wakes the callers of `wait`."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.RLock())
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, bytes] = {}
        self.inline: dict[str, Json] = {}
        """Messages that a guest bot has sent, by inline message id."""
        self.answered: dict[str, Json] = {}
        """Answers to callback, inline and guest queries, by query id."""
        self.faces: dict[int, bytes] = {}
        self.me: Json = BOT
        """What getMe tells of the bot; some servers tell less."""
        self.menus: dict[tuple[str, str], list[str]] = {}
        self.texts: dict[tuple[str, str], str] = {}
        self._messages: dict[int, Iterator[int]] = {}
        self._files = itertools.count(1)

    def chat(self, chat_id: int) -> Chat:
        """Return a chat; private chats are created on first use."""
        if chat_id not in self.chats:
            self.chats[chat_id] = Chat(chat_id, "private" if chat_id > 0 else "supergroup")
        return self.chats[chat_id]

    def keep(self, data: bytes) -> str:
        """Store a file and return its id."""
        file_id = f"file-{next(self._files)}"
        self.files[file_id] = data
        return file_id

    def sizes(self, file_id: str) -> list[Json]:
        """Return a photo in Telegram's format: a thumbnail and the full size."""
        width, height = Image.open(BytesIO(self.files[file_id])).size
        thumb = f"{file_id}-s"
        self.files.setdefault(thumb, self.files[file_id])
        small = max(1, min(90, width)), max(1, min(90, height))
        return [
            _size(thumb, *small, 1_000),
            _size(file_id, width, height, len(self.files[file_id])),
        ]

    def post(self, chat: Chat, sender: Json, content: Json, **more: Any) -> Json:
        """Put a message into a chat and return it."""
        message = {
            "message_id": next(self._ids_of(chat)),
            "date": int(time.time()),
            "chat": chat.json(),
            "from": sender,
            **content,
            **{key: value for key, value in more.items() if value is not None},
        }
        chat.messages[message["message_id"]] = message
        self.tell()
        return message

    def _ids_of(self, chat: Chat) -> Iterator[int]:
        # A supergroup numbers its messages by itself; all other chats of a bot share one sequence.
        where = chat.id if chat.type == "supergroup" else 0
        return self._messages.setdefault(where, itertools.count(1))

    def tell(self) -> None:
        """Wake all callers of `wait`."""
        with self.changed:
            self.changed.notify_all()

    def wait(self, look: Callable[[], T | None], patience_s: float = 30.0, what: str = "") -> T:
        """Return the value of `look` as soon as it is true. Raises `AssertionError` after the deadline."""
        deadline = time.monotonic() + patience_s
        with self.changed:
            while not (seen := look()):
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"did not happen within {patience_s} s: {what or look}")
                self.changed.wait(min(left, 0.5))
            return seen


def quoted(message: Json) -> Json:
    """Return a message in the format of a quote, without its own quote."""
    shown = copy.deepcopy(message)
    shown.pop("reply_to_message", None)
    return shown


def _size(file_id: str, width: int, height: int, weight: int) -> Json:
    return {
        "file_id": file_id,
        "file_unique_id": f"u-{file_id}",
        "width": width,
        "height": height,
        "file_size": weight,
    }
