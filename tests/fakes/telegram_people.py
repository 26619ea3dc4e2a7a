"""Actions of people on the fake Telegram; each becomes an update for the bot."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from tests.fakes.telegram_world import BOT, Chat, Json, TelegramWorld, quoted


class Updates:
    """The bot's queue of updates, with the offset semantics of getUpdates."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Json] = []
        self._ids = itertools.count(900_000)
        self.confirmed = 0
        """Updates that the bot need not see again."""
        self.given = 0
        """Updates that the bot was given, however often."""

    def add(self, content: Json) -> Json:
        """Queue an update."""
        with self._lock:
            update = {"update_id": next(self._ids), **content}
            self._waiting.append(update)
        return update

    def fetch(self, offset: int, limit: int) -> list[Json]:
        """Remove the updates before `offset` and return the others, oldest first."""
        with self._lock:
            if offset < 0:
                self._confirm(len(self._waiting) + offset)
            else:
                self._confirm(sum(u["update_id"] < offset for u in self._waiting))
            given = self._waiting[:limit]
            self.given += len(given)
            return given

    def repeat(self) -> None:
        """Queue the latest update again, with the same id."""
        with self._lock:
            self._waiting.append(self._waiting[-1])

    def pending(self) -> int:
        """Return how many updates the bot has not confirmed."""
        with self._lock:
            return len(self._waiting)

    def _confirm(self, count: int) -> None:
        count = max(0, count)
        self._waiting = self._waiting[count:]
        self.confirmed += count


class People:
    """Sends photos, texts and button presses of people."""

    def __init__(self, world: TelegramWorld, updates: Updates) -> None:
        self._world = world
        self._updates = updates
        self._albums = itertools.count(5_000)
        self._queries = itertools.count(70_000)

    def photo(self, person: int, data: bytes, *, chat: int | None = None, **more: Any) -> Json:
        """Send a photo; `caption`, `reply_to`, `language`, `thread` as in `say`."""
        sizes = self._world.sizes(self._world.keep(data))
        return self._send(person, {"photo": sizes}, chat, "caption", **more)

    def document(
        self,
        person: int,
        data: bytes,
        name: str,
        mime: str,
        *,
        chat: int | None = None,
        **more: Any,
    ) -> Json:
        """Send a file."""
        file_id = self._world.keep(data)
        document = {
            "file_id": file_id,
            "file_unique_id": f"u-{file_id}",
            "file_name": name,
            "mime_type": mime,
            "file_size": len(data),
        }
        return self._send(person, {"document": document}, chat, "caption", **more)

    def sticker(self, person: int, data: bytes, *, chat: int | None = None) -> Json:
        """Send a static sticker."""
        file_id = self._world.keep(data)
        sticker = {
            "file_id": file_id,
            "file_unique_id": f"u-{file_id}",
            "type": "regular",
            "width": 512,
            "height": 512,
            "is_animated": False,
            "is_video": False,
        }
        return self._send(person, {"sticker": sticker}, chat, "caption")

    def album(
        self, person: int, photos: list[bytes], *, chat: int | None = None, **more: Any
    ) -> list[Json]:
        """Send several photos as one album; the caption belongs to the first."""
        group = str(next(self._albums))
        caption = more.pop("caption", None)
        return [
            self.photo(
                person,
                data,
                chat=chat,
                caption=caption if n == 0 else None,
                media_group_id=group,
                **more,
            )
            for n, data in enumerate(photos)
        ]

    def say(self, person: int, text: str, *, chat: int | None = None, **more: Any) -> Json:
        """Send a text."""
        return self._send(person, {}, chat, "text", text=text, **more)

    def edit(self, message: Json, text: str) -> Json:
        """Change the caption of a photo, or the text of a message, that a person has sent."""
        words = "text" if "text" in message else "caption"
        edited = {
            **message,
            words: text,
            **_entities(words, text),
            "edit_date": message["date"] + 5,
        }
        chat = self._world.chat(message["chat"]["id"])
        chat.messages[message["message_id"]] = edited
        if self._reaches_bot(chat, edited):
            self._update(edited_message=edited)
        return edited

    def press(self, person: int, message: Json, label: str) -> str:
        """Press the button of a message that has this label; return the query's id."""
        data = button(message, label)
        assert data is not None, f"no button {label!r} among {labels(message)}"
        return self.press_data(person, message, data)

    def press_data(self, person: int, message: Json, data: str) -> str:
        """Press a button by its data, which may be from an old message."""
        query = str(next(self._queries))
        shown = {"message": message} if "message_id" in message else {}
        inline = {"inline_message_id": message["inline_message_id"]} if not shown else {}
        self._update(
            callback_query={
                "id": query,
                "from": user(person),
                "chat_instance": "1",
                "data": data,
                **shown,
                **inline,
            }
        )
        return query

    def type_inline(self, person: int, words: str = "") -> str:
        """Type the bot's name and a text into another chat; return the inline query's id."""
        query = str(next(self._queries))
        self._update(inline_query={"id": query, "from": user(person), "query": words, "offset": ""})
        return query

    def guest(self, person: int, data: bytes, caption: str, *, chat: int = -4242) -> str:
        """Mention the bot with a photo in a chat of which it is not a member; return the query's id."""
        query = str(next(self._queries))
        place = self._world.chat(chat)
        sizes = self._world.sizes(self._world.keep(data))
        message = self._world.post(
            place,
            user(person),
            {"photo": sizes, "caption": caption, **_entities("caption", caption)},
            guest_query_id=query,
            guest_bot_caller_user=user(person),
        )
        self._update(guest_message=message)
        return query

    def _send(self, person: int, content: Json, chat: int | None, words: str, **more: Any) -> Json:
        place = self._world.chat(person if chat is None else chat)
        sender = user(person, more.pop("language", "en"))
        said = more.pop(words, None)
        if said is not None:
            content = {**content, words: said, **_entities(words, said)}
        reply_to = more.pop("reply_to", None)
        thread = more.pop("thread", None)
        message = self._world.post(
            place,
            sender,
            content,
            reply_to_message=None if reply_to is None else quoted(reply_to),
            message_thread_id=thread,
            is_topic_message=True if thread is not None else None,
            **more,
        )
        if self._reaches_bot(place, message):
            self._update(message=message)
        return message

    def _reaches_bot(self, chat: Chat, message: Json) -> bool:
        # Privacy mode: in groups a bot sees commands, mentions and replies to itself.
        if chat.type == "private":
            return True
        entities = message.get("entities", []) + message.get("caption_entities", [])
        text = message.get("text") or message.get("caption") or ""
        replied = message.get("reply_to_message", {}).get("from", {}).get("id") == BOT["id"]
        mentioned = f"@{BOT['username']}" in text
        return replied or mentioned or any(e["type"] == "bot_command" for e in entities)

    def _update(self, **content: Json) -> None:
        self._updates.add(content)
        self._world.tell()


def user(person: int, language: str = "en") -> Json:
    """Return a person's account."""
    return {
        "id": person,
        "is_bot": False,
        "first_name": f"Person {person}",
        "language_code": language,
    }


def labels(message: Json) -> list[str]:
    """Return the labels of a message's buttons."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [each["text"] for row in rows for each in row]


def button(message: Json, label: str) -> str | None:
    """Return a button's data, None if there is no such button."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return next((b["callback_data"] for row in rows for b in row if b["text"] == label), None)


def _entities(words: str, said: str) -> Json:
    found = []
    at = 0
    for word in said.split(" "):
        length = len(word.encode("utf-16-le")) // 2
        if word.startswith("/") and at == 0:
            found.append({"type": "bot_command", "offset": at, "length": length})
        elif word.startswith("@"):
            found.append({"type": "mention", "offset": at, "length": length})
        at += length + 1
    return {"entities" if words == "text" else "caption_entities": found} if found else {}
