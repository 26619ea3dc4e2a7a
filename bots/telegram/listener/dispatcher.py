"""Handles updates from polling and webhooks: admits requests first, then sends replies.

A message or a pressed button leads to a request in the ledger or to a short reply.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import structlog
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
from bots.telegram.listener.parser import parse_update
from bots.telegram.listener.placeholders import PUZZLED
from bots.telegram.sender import BackgroundTasks
from bots.telegram.settings import PLATFORM
from tasks.errors import StoreError
from tasks.models import Admitted, PaintRequest, PhotoRef

_log = structlog.get_logger()

_REMEMBERED = 1000
"""Updates that are recognised when they come twice; the ledger recognises photos for longer."""
_PAINTING = {"", "style", "paint", "again", "me"}
"""Commands that paint the photo they come with; other commands do what they always do."""


class Dispatcher:
    """The entry point of all updates.

    When a method returns, a request for a painting is in the ledger. Replies are sent in the background; a
    failure there loses a message, never a job.
    """

    def __init__(self, context: ListenerContext) -> None:
        self._context = context
        self._background = BackgroundTasks()
        self._taken: dict[object, None] = {}

    async def take(self, raw: dict[str, Any]) -> None:
        """Handle one update. When this returns, its request is stored durably. Raises `StoreError`."""
        number = raw.get("update_id")
        if number in self._taken:
            return
        try:
            await self._take(raw)
        except StoreError:
            raise
        except Exception:
            # One update that cannot be parsed must not block all later ones.
            _log.exception("update_handler_failed", action="skip", update=number)
        self._taken[number] = None
        while len(self._taken) > _REMEMBERED:
            del self._taken[next(iter(self._taken))]

    async def settle_albums(self) -> None:
        """Admit the albums that are complete. Raises `StoreError`."""
        context = self._context
        now = await asyncio.to_thread(context.clock.now)
        complete, next_at = await asyncio.to_thread(context.albums.due, now)
        context.albums_due.set(next_at - now)
        for album in complete:
            try:
                if album.message.addressed:
                    await self._message(album.message)
            except StoreError:
                raise
            except Exception:
                _log.exception("album_handler_failed", action="skip", album=album.key)
            await asyncio.to_thread(context.albums.close, album)

    async def finish(self) -> None:
        """Wait for the calls that are under way; what waits for a slot is dropped."""
        self._context.sender.rate_limit.close()
        await self.all_said()

    async def all_said(self) -> None:
        """Wait until all background replies are sent."""
        await self._background.finish()

    async def _take(self, raw: dict[str, Any]) -> None:
        context = self._context
        match parse_update(Update.de_json(raw, context.bot), context.me):
            case MessageEvent() as message:
                if not await self._joins_album(message) and message.addressed:
                    await self._message(message)
            case ButtonEvent() as button:
                await self._button(button)
            case InlineQueryEvent() as query:
                self._background.begin(context.inline.answer(query))
            case ChatMigrated() as moved:
                await asyncio.to_thread(context.chats.moved, moved.old_chat, moved.new_chat)

    async def _joins_album(self, message: MessageEvent) -> bool:
        if not (message.album and message.photos):
            return False
        context, quiet_s = self._context, self._context.settings.album_quiet_s
        due = await asyncio.to_thread(context.clock.now) + quiet_s
        joined = await asyncio.to_thread(context.albums.add, message, due)
        context.albums_due.set(quiet_s)
        return joined

    async def _message(self, message: MessageEvent) -> None:
        if message.command == "me":
            message = await self._with_profile_photo(message)
        with_photo = bool(message.photos or message.replied_photos)
        if message.command == "again" and not with_photo:
            await self._repaint(message)
        elif message.command in _PAINTING and (with_photo or not message.command):
            await self._request(message)
        else:
            self._background.begin(self._command(message))

    async def _button(self, button: ButtonEvent) -> None:
        context = self._context
        request = await context.callbacks.request(button)
        if request is None:
            self._background.begin(context.callbacks.act(button))
            return
        asked, answer = await asyncio.to_thread(context.requests.admit, request)
        if isinstance(answer, Admitted):
            self._background.begin(self._button_accepted(button, asked, answer))
        else:
            now = await asyncio.to_thread(context.clock.now)
            self._background.begin(context.callbacks.refused(button, asked, answer, now))

    async def _request(self, message: MessageEvent) -> None:
        context = self._context
        understood = await asyncio.to_thread(context.requests.parse, message)
        if isinstance(understood, PaintRequest):
            await self._admit(message, understood)
        elif understood.stop and message.origin.place is not Place.GUEST:
            self._background.begin(context.commands.cancel_all(message))
        elif understood.explicit and message.origin.private:
            await self._repaint(message)
        else:
            self._background.begin(self._not_understood(message))

    async def _repaint(self, message: MessageEvent) -> None:
        context = self._context
        job = await asyncio.to_thread(context.paintings.meant, PLATFORM, message)
        if job is None:
            self._background.begin(self._not_understood(message))
        else:
            request = await asyncio.to_thread(context.requests.repaint, message, job)
            await self._admit(message, request)

    async def _admit(self, message: MessageEvent, request: PaintRequest) -> None:
        context, origin = self._context, message.origin
        request, answer = await asyncio.to_thread(context.requests.admit, request)
        if isinstance(answer, Admitted):
            self._background.begin(context.placeholders.accepted(request, answer, origin))
        else:
            now = await asyncio.to_thread(context.clock.now)
            said = context.placeholders.refused(origin, answer, request.language, now)
            self._background.begin(said)

    async def _button_accepted(
        self, button: ButtonEvent, request: PaintRequest, answer: Admitted
    ) -> None:
        await self._context.sender.answer_callback(button.query)
        origin = origin_from_address(request.address, request.person, request.language)
        await self._context.placeholders.accepted(request, answer, origin)

    async def _with_profile_photo(self, message: MessageEvent) -> MessageEvent:
        photos = await self._profile_photo(message.origin)
        return replace(message, photos=photos, command="" if photos else message.command)

    async def _profile_photo(self, origin: Origin) -> tuple[PhotoRef, ...]:
        try:
            found = await self._context.bot.get_user_profile_photos(int(origin.person), limit=1)
        except TelegramError:
            return ()
        return (PhotoRef(largest(found.photos[0])),) if found.photos else ()

    async def _command(self, message: MessageEvent) -> None:
        context = self._context
        if message.origin.place is not Place.GUEST:
            if await context.commands.run(message):
                return
            if await context.operators.run(message, await context.commands.language(message)):
                return
        await self._not_understood(message)

    async def _not_understood(self, message: MessageEvent) -> None:
        context, origin = self._context, message.origin
        key = "telegram-no-face" if message.command == "me" else "telegram-hint"
        if origin.place is Place.GROUP:
            if message.replied_to_bot:
                return  # conversation under a painting is not addressed to the bot
            if await context.sender.react(origin, PUZZLED, instead_of_words=True):
                return
        await context.placeholders.say(origin, t(await context.commands.language(message), key))
