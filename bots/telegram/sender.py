"""Everything the bot says on Telegram goes through here, at Telegram's pace.

Pictures on their way to a chat: one as a message, several as an album, as photos or as files.

What the bot says in the background. The ask is safe in the ledger: only courtesies can get lost.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from telegram import (
    Bot,
    InlineKeyboardMarkup,
    InputMediaDocument,
    InputMediaPhoto,
    Message,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import ChatMigrated, NetworkError, RetryAfter, TelegramError

from bots.telegram.errors import (
    Problem,
    is_outage,
    never_arrived,
    nobody_there,
    problem_of,
    refusal,
    silence_s,
)
from bots.telegram.events import Origin
from bots.telegram.rate_limit import SendRateLimit
from bots.telegram.store import Chats

T = TypeVar("T")


class Sender:
    """The bot's voice: replies, edits and gestures, each within the limits."""

    def __init__(self, bot: Bot, pace: SendRateLimit, chats: Chats, tries: int = 5) -> None:
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
        await self.pace.acquire(chat)
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

        return await self.call_with_retries(chat, send)

    async def edit_text(
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

    async def edit_text_or_raise(
        self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change a text for good; False where that cannot be done. Raises what another try may mend."""
        await self.pace.acquire(chat)
        try:
            await self.call_with_retries(
                chat,
                lambda at: self.bot.edit_message_text(
                    text, chat_id=at, message_id=message, reply_markup=keyboard
                ),
            )
        except TelegramError as error:
            if not refusal(error) or nobody_there(error):
                raise
            return problem_of(error) is Problem.UNCHANGED
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
        elif not await self.pace.try_acquire():
            return False
        return await self._gesture(
            self.bot.set_message_reaction(await self.chat_of(origin), origin.message, emoji)
        )

    async def uploading(self, origin: Origin) -> None:
        """Show that a picture is on its way, if there is room for gestures just now."""
        if await self.pace.try_acquire():
            await self._gesture(
                self.bot.send_chat_action(
                    await self.chat_of(origin),
                    ChatAction.UPLOAD_PHOTO,
                    message_thread_id=origin.thread,
                )
            )

    async def answer_callback(self, query: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a pressed button, so that it stops spinning."""
        await self._gesture(self.bot.answer_callback_query(query, text or None, show_alert=alert))

    async def remove(self, chat: int, message: int) -> None:
        """Delete one of the bot's messages where that is possible."""
        await self._gesture(self.bot.delete_message(chat, message))

    async def call_with_retries(
        self, chat: int, call: Callable[[int], Awaitable[T]], *, once: bool = False
    ) -> T:
        """Make a call that has its turn; wait out silences and follow a group that moved.

        `once`: what a server failed to answer may have been done, and is not tried again here.
        """
        for attempt in range(1, self._tries + 1):
            try:
                return await self._record_call(chat, call)
            except ChatMigrated as moved:
                await asyncio.to_thread(self.chats.moved, chat, moved.new_chat_id)
                chat = moved.new_chat_id
            except RetryAfter as error:
                await self.pace.back_off(silence_s(error))
                if attempt == self._tries:
                    raise
                await self.pace.acquire(chat)
            except NetworkError as error:
                in_vain = never_arrived(error) or (is_outage(error) and not once)
                if refusal(error) or not in_vain or attempt == self._tries:
                    raise
                await asyncio.sleep(0.25 * 2**attempt)
        return await self._record_call(chat, call)

    async def _record_call(self, chat: int, call: Callable[[int], Awaitable[T]]) -> T:
        try:
            return await call(chat)
        finally:
            self.pace.record_call(chat)

    async def chat_of(self, origin: Origin) -> int:
        """Return where the origin's chat is now."""
        return await asyncio.to_thread(self.chats.now_at, origin.chat)

    async def _gesture(self, call: Awaitable[object]) -> bool:
        # A gesture that fails (not every server knows every method) must never stop anything.
        try:
            await call
        except RetryAfter as error:
            await self.pace.back_off(silence_s(error))
            return False
        except TelegramError as error:
            return problem_of(error) is Problem.UNCHANGED
        return True


def reply_to(origin: Origin, chat: int) -> ReplyParameters | None:
    """Return how to answer the origin's message, even when it is deleted meanwhile."""
    if not origin.message or chat != origin.chat:
        return None
    return ReplyParameters(origin.message, allow_sending_without_reply=True)


def thread_of(origin: Origin, chat: int) -> int | None:
    """Return the topic to answer in, None where the origin's chat has become another."""
    return origin.thread if chat == origin.chat else None


FILE_NAME = "painting.jpg"


@dataclass(frozen=True, slots=True)
class OutgoingMedia:
    """What is sent together."""

    pictures: tuple[bytes | str, ...]
    """Each a file, or the id of a file that Telegram has."""
    caption: str = ""
    keyboard: InlineKeyboardMarkup | None = None
    """Under a single picture; an album carries no buttons."""
    as_files: bool = False

    def media(self) -> list[InputMediaPhoto | InputMediaDocument]:
        """Return the pictures as the Bot API takes them, the caption under the first."""
        captions = [self.caption or None, *[None] * (len(self.pictures) - 1)]
        return [
            self._one(picture, caption)
            for picture, caption in zip(self.pictures, captions, strict=True)
        ]

    def _one(
        self, picture: bytes | str, caption: str | None
    ) -> InputMediaPhoto | InputMediaDocument:
        name = FILE_NAME if isinstance(picture, bytes) else None
        if self.as_files:
            return InputMediaDocument(
                picture, caption, filename=name, disable_content_type_detection=True
            )
        return InputMediaPhoto(picture, caption, filename=name)


async def send(
    speaker: Sender, origin: Origin, chat: int, parcel: OutgoingMedia
) -> tuple[Message, ...]:
    """Answer a message with pictures: the caller has waited for its turn in `chat`.

    What may have arrived is not sent again: such an error is raised at once.
    """
    call = _one if len(parcel.pictures) == 1 else _album
    return await speaker.call_with_retries(
        chat, lambda at: call(speaker.bot, origin, at, parcel), once=True
    )


async def _one(bot: Bot, origin: Origin, chat: int, parcel: OutgoingMedia) -> tuple[Message, ...]:
    picture = parcel.pictures[0]
    name = FILE_NAME if isinstance(picture, bytes) else None
    caption, reply, thread = parcel.caption or None, reply_to(origin, chat), thread_of(origin, chat)
    if parcel.as_files:
        sent = await bot.send_document(
            chat,
            picture,
            caption,
            filename=name,
            disable_content_type_detection=True,
            reply_markup=parcel.keyboard,
            reply_parameters=reply,
            message_thread_id=thread,
        )
    else:
        sent = await bot.send_photo(
            chat,
            picture,
            caption,
            filename=name,
            reply_markup=parcel.keyboard,
            reply_parameters=reply,
            message_thread_id=thread,
        )
    return (sent,)


async def _album(bot: Bot, origin: Origin, chat: int, parcel: OutgoingMedia) -> tuple[Message, ...]:
    return await bot.send_media_group(
        chat,
        parcel.media(),
        reply_parameters=reply_to(origin, chat),
        message_thread_id=thread_of(origin, chat),
    )


_log = structlog.get_logger()


class BackgroundTasks:
    """Everything that is being said."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    def begin(self, words: Coroutine[Any, Any, None]) -> None:
        """Say something; a failure is logged and disturbs nobody."""
        talk = asyncio.create_task(_said(words))
        self._open.add(talk)
        talk.add_done_callback(self._open.discard)

    async def finish(self) -> None:
        """Wait until everything is said."""
        while self._open:
            await asyncio.wait(self._open)


async def _said(words: Coroutine[Any, Any, None]) -> None:
    try:
        await words
    except TelegramError as error:
        _log.info("Telegram did not take a message", error=error.message)
    except Exception:
        _log.exception("a courtesy could not be said, the ask goes on without it")
