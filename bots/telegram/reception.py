"""Takes updates in, from polling and webhooks alike: first what must not be lost, then the talking."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from redis.exceptions import RedisError
from telegram import Update

from bots.telegram.conversation import Conversation
from bots.telegram.heard import Heard, Moved, Pressed, Typed
from bots.telegram.room import Room
from bots.telegram.talks import Talks
from bots.telegram.understand import understand

_log = structlog.get_logger()

_REMEMBERED = 1000
"""Updates that are known again when they come twice; the ledger knows photos for longer."""


class Reception:
    """Where every update comes in."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._talks = Talks()
        self._taken: dict[object, None] = {}
        self._conversation = Conversation(room, self._talks)

    async def take(self, raw: dict[str, Any]) -> None:
        """Take one update in. When this returns nothing of it can be lost any more.

        What the bot says about it is said in the background. Raises what the ledger's store raises.
        """
        number = raw.get("update_id")
        if number in self._taken:
            return
        try:
            await self._take(raw)
        except RedisError:
            raise
        except Exception:
            # One update that cannot be understood must not keep all later ones waiting.
            _log.exception("an update could not be taken in, it is left out", update=number)
        self._taken[number] = None
        while len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]

    async def _take(self, raw: dict[str, Any]) -> None:
        news = understand(Update.de_json(raw, self._room.speaker.bot), self._room.me)
        match news:
            case Heard():
                await self._hear(news)
            case Pressed():
                await self._conversation.press(news)
            case Typed():
                self._talks.begin(self._room.inline.answer(news))
            case Moved():
                await asyncio.to_thread(self._room.chats.moved, news.old_chat, news.new_chat)

    async def settle_albums(self) -> None:
        """Take in the albums that are complete."""
        now = await asyncio.to_thread(self._room.ledger.now)
        for album in await asyncio.to_thread(self._room.albums.due, now):
            try:
                if album.heard.addressed:
                    await self._conversation.message(album.heard)
            except RedisError:
                raise
            except Exception:
                _log.exception("an album could not be taken in, it is left out", album=album.key)
            await asyncio.to_thread(self._room.albums.close, album)

    async def finish(self) -> None:
        """Wait until everything is said."""
        await self._talks.finish()

    async def _hear(self, heard: Heard) -> None:
        if heard.album and heard.photos:
            due = await asyncio.to_thread(self._room.ledger.now) + self._room.settings.album_quiet_s
            if await asyncio.to_thread(self._room.albums.add, heard, due):
                return
        if heard.addressed:
            await self._conversation.message(heard)
