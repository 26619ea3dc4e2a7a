"""Takes updates in, from polling and webhooks alike: first what must not be lost, then the talking.

What a message or a pressed button leads to: an ask in the ledger, or a few words.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import structlog
from redis.exceptions import RedisError
from telegram import Update
from telegram.error import TelegramError

from bots.i18n import t
from bots.telegram.events import (
    ButtonEvent,
    ChatMigrated,
    InlineQueryEvent,
    MessageEvent,
    Origin,
    Place,
    largest,
    origin_from_address,
)
from bots.telegram.listener.context import ListenerContext
from bots.telegram.listener.parser import understand
from bots.telegram.listener.placeholders import PUZZLED
from bots.telegram.sender import BackgroundTasks
from bots.telegram.settings import PLATFORM
from tasks.models import Admitted, PaintRequest, PhotoRef

_PAINTING = {"", "style", "paint", "again", "me"}
"""Commands that paint the photo they come with; other commands do what they always do."""


class Conversation:
    """Answers people. What asks for a painting is in the ledger when a method returns."""

    def __init__(self, room: ListenerContext, talks: BackgroundTasks) -> None:
        self._room = room
        self._talks = talks

    async def message(self, heard: MessageEvent) -> None:
        """Take in a message that is meant for the bot."""
        if heard.command == "me":
            heard = await self._with_own_face(heard)
        with_photo = bool(heard.photos or heard.replied_photos)
        if heard.command == "again" and not with_photo:
            await self._again(heard)
        elif heard.command in _PAINTING and (with_photo or not heard.command):
            await self._ask(heard)
        else:
            self._talks.begin(self._obey(heard))

    async def press(self, pressed: ButtonEvent) -> None:
        """Take in a pressed button."""
        ask = await self._room.presses.ask(pressed)
        if ask is None:
            self._talks.begin(self._room.presses.act(pressed))
            return
        answer = await asyncio.to_thread(self._room.desk.admit, ask)
        if isinstance(answer, Admitted):
            self._talks.begin(self._pressed(pressed, ask, answer))
        else:
            now = await asyncio.to_thread(self._room.ledger.now)
            self._talks.begin(self._room.presses.refused(pressed, ask, answer, now))

    async def _ask(self, heard: MessageEvent) -> None:
        understood = await asyncio.to_thread(self._room.desk.parse, heard)
        if isinstance(understood, PaintRequest):
            await self._admit(heard, understood)
        elif understood.stop and heard.origin.place is not Place.GUEST:
            self._talks.begin(self._room.commands.cancel_all(heard))
        elif understood.explicit and heard.origin.private:
            await self._again(heard)
        else:
            self._talks.begin(self._puzzled(heard))

    async def _again(self, heard: MessageEvent) -> None:
        job = await asyncio.to_thread(self._room.paintings.meant, PLATFORM, heard)
        if job is None:
            self._talks.begin(self._puzzled(heard))
        else:
            await self._admit(heard, await asyncio.to_thread(self._room.desk.repaint, heard, job))

    async def _admit(self, heard: MessageEvent, ask: PaintRequest) -> None:
        answer = await asyncio.to_thread(self._room.desk.admit, ask)
        if isinstance(answer, Admitted):
            self._talks.begin(self._room.greeter.accepted(ask, answer, heard.origin))
        else:
            now = await asyncio.to_thread(self._room.ledger.now)
            self._talks.begin(self._room.greeter.refused(heard.origin, answer, ask.language, now))

    async def _pressed(self, pressed: ButtonEvent, ask: PaintRequest, answer: Admitted) -> None:
        await self._room.sender.answer_callback(pressed.query)
        origin = origin_from_address(ask.address, ask.person, ask.language)
        await self._room.greeter.accepted(ask, answer, origin)

    async def _with_own_face(self, heard: MessageEvent) -> MessageEvent:
        photos = await self._face(heard.origin)
        return replace(heard, photos=photos, command="" if photos else heard.command)

    async def _face(self, origin: Origin) -> tuple[PhotoRef, ...]:
        try:
            faces = await self._room.sender.bot.get_user_profile_photos(int(origin.person), limit=1)
        except TelegramError:
            return ()
        return (PhotoRef(largest(faces.photos[0])),) if faces.photos else ()

    async def _obey(self, heard: MessageEvent) -> None:
        room = self._room
        if heard.origin.place is not Place.GUEST:
            language = await room.commands.language(heard.origin)
            if await room.commands.obey(heard) or await room.operators.obey(heard, language):
                return
        await self._puzzled(heard)

    async def _puzzled(self, heard: MessageEvent) -> None:
        if heard.origin.place is not Place.GROUP:
            language = await self._room.commands.language(heard.origin)
            key = "telegram-no-face" if heard.command == "me" else "telegram-hint"
            await self._room.greeter.say(heard.origin, t(language, key))
        elif heard.replied_to_bot:
            return  # chatter under a painting is not meant for the bot
        elif not await self._room.sender.react(heard.origin, PUZZLED, instead_of_words=True):
            language = await self._room.commands.language(heard.origin)
            await self._room.greeter.say(heard.origin, t(language, "telegram-hint"))


_log = structlog.get_logger()

_REMEMBERED = 1000
"""Updates that are known again when they come twice; the ledger knows photos for longer."""


class Dispatcher:
    """Where every update comes in."""

    def __init__(self, room: ListenerContext) -> None:
        self._room = room
        self._talks = BackgroundTasks()
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
        news = understand(Update.de_json(raw, self._room.sender.bot), self._room.me)
        match news:
            case MessageEvent():
                await self._hear(news)
            case ButtonEvent():
                await self._conversation.press(news)
            case InlineQueryEvent():
                self._talks.begin(self._room.inline.answer(news))
            case ChatMigrated():
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
        """Wait for the calls that are under way; what waits for a slot is dropped."""
        self._room.sender.rate_limit.close()
        await self.all_said()

    async def all_said(self) -> None:
        """Wait until everything is said."""
        await self._talks.finish()

    async def _hear(self, heard: MessageEvent) -> None:
        if heard.album and heard.photos:
            due = await asyncio.to_thread(self._room.ledger.now) + self._room.settings.album_quiet_s
            if await asyncio.to_thread(self._room.albums.add, heard, due):
                return
        if heard.addressed:
            await self._conversation.message(heard)
