"""Everything the bot says on Telegram goes through here, at Telegram's pace."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from telegram import Bot, InlineKeyboardMarkup, ReplyParameters
from telegram.constants import ChatAction
from telegram.error import ChatMigrated, NetworkError, RetryAfter, TelegramError

from bots.telegram.chats import Chats
from bots.telegram.faults import (
    Trouble,
    is_outage,
    never_arrived,
    nobody_there,
    refusal,
    silence_s,
    trouble_of,
)
from bots.telegram.origin import Origin
from bots.telegram.pace import Pace

T = TypeVar("T")


class Speaker:
    """The bot's voice: replies, edits and gestures, each within the limits."""

    def __init__(self, bot: Bot, pace: Pace, chats: Chats, tries: int = 5) -> None:
        """Speak with `bot`; `tries`: of a call that must wait, or that surely did not arrive."""
        self.bot = bot
        self.pace = pace
        self.chats = chats
        self._tries = tries

    async def reply(
        self, origin: Origin, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> int:
        """Answer a message with a text and return the answer's id."""
        chat = await self.chat_of(origin)
        await self.pace.turn(chat)
        return await self.send_text(origin, chat, text, keyboard)

    async def send_text(
        self, origin: Origin, chat: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> int:
        """Answer with a text at once: the caller has waited for its turn in `chat`."""

        async def send(at: int) -> int:
            sent = await self.bot.send_message(
                at,
                text,
                reply_markup=keyboard,
                reply_parameters=reply_to(origin, at),
                message_thread_id=thread_of(origin, at),
            )
            return sent.message_id

        return await self.carry(chat, send)

    async def retell(
        self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change the text of one of the bot's messages; False where that did not work.

        At once: the caller has a turn in `chat`.
        """
        return await self._gesture(
            self.bot.edit_message_text(
                text, chat_id=chat, message_id=message, reply_markup=keyboard
            )
        )

    async def rewrite(
        self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change a text for good; False where that cannot be done. Raises what another try may mend."""
        await self.pace.turn(chat)
        try:
            await self.carry(
                chat,
                lambda at: self.bot.edit_message_text(
                    text, chat_id=at, message_id=message, reply_markup=keyboard
                ),
            )
        except TelegramError as error:
            if not refusal(error) or nobody_there(error):
                raise
            return trouble_of(error) is Trouble.UNCHANGED
        return True

    async def retell_inline(
        self, message: str, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change the text of a message that the bot sent as a guest."""
        return await self._gesture(
            self.bot.edit_message_text(text, inline_message_id=message, reply_markup=keyboard)
        )

    async def react(self, origin: Origin, emoji: str, *, instead_of_words: bool = False) -> bool:
        """Leave a reaction on a message; one that comes beside words only if there is room for it."""
        if not origin.message:
            return False
        if instead_of_words:
            await self.pace.gesture()
        elif not await self.pace.aside():
            return False
        return await self._gesture(
            self.bot.set_message_reaction(await self.chat_of(origin), origin.message, emoji)
        )

    async def uploading(self, origin: Origin) -> None:
        """Show that a picture is on its way, if there is room for gestures just now."""
        if await self.pace.aside():
            await self._gesture(
                self.bot.send_chat_action(
                    await self.chat_of(origin),
                    ChatAction.UPLOAD_PHOTO,
                    message_thread_id=origin.thread,
                )
            )

    async def nod(self, query: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a pressed button, so that it stops spinning."""
        await self._gesture(self.bot.answer_callback_query(query, text or None, show_alert=alert))

    async def remove(self, chat: int, message: int) -> None:
        """Delete one of the bot's messages where that is possible."""
        await self._gesture(self.bot.delete_message(chat, message))

    async def carry(
        self, chat: int, call: Callable[[int], Awaitable[T]], *, once: bool = False
    ) -> T:
        """Make a call that has its turn; wait out silences and follow a group that moved.

        `once`: what a server failed to answer may have been done, and is not tried again here.
        """
        for attempt in range(1, self._tries + 1):
            try:
                return await self._spoken(chat, call)
            except ChatMigrated as moved:
                await asyncio.to_thread(self.chats.moved, chat, moved.new_chat_id)
                chat = moved.new_chat_id
            except RetryAfter as error:
                await self.pace.hush(silence_s(error))
                if attempt == self._tries:
                    raise
                await self.pace.turn(chat)
            except NetworkError as error:
                in_vain = never_arrived(error) or (is_outage(error) and not once)
                if refusal(error) or not in_vain or attempt == self._tries:
                    raise
                await asyncio.sleep(0.25 * 2**attempt)
        return await self._spoken(chat, call)

    async def _spoken(self, chat: int, call: Callable[[int], Awaitable[T]]) -> T:
        try:
            return await call(chat)
        finally:
            self.pace.spoke(chat)

    async def chat_of(self, origin: Origin) -> int:
        """Return where the origin's chat is now."""
        return await asyncio.to_thread(self.chats.now_at, origin.chat)

    async def _gesture(self, call: Awaitable[object]) -> bool:
        # A gesture that fails (not every server knows every method) must never stop anything.
        try:
            await call
        except RetryAfter as error:
            await self.pace.hush(silence_s(error))
            return False
        except TelegramError as error:
            return trouble_of(error) is Trouble.UNCHANGED
        return True


def reply_to(origin: Origin, chat: int) -> ReplyParameters | None:
    """Return how to answer the origin's message, even when it is deleted meanwhile."""
    if not origin.message or chat != origin.chat:
        return None
    return ReplyParameters(origin.message, allow_sending_without_reply=True)


def thread_of(origin: Origin, chat: int) -> int | None:
    """Return the topic to answer in, None where the origin's chat has become another."""
    return origin.thread if chat == origin.chat else None
