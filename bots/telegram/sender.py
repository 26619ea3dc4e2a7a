"""Sends, edits and deletes the bot's messages on Telegram, within its rate limits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Set
from dataclasses import dataclass
from typing import Any, TypedDict, TypeVar

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
    Refusal,
    is_chat_closed,
    is_outage,
    is_refusal,
    kind_of,
    retry_after_s,
    was_not_sent,
)
from bots.telegram.events import Origin
from bots.telegram.rate_limit import Chat, NoSlot, SendRateLimit
from bots.telegram.store import Chats

_log = structlog.get_logger()

T = TypeVar("T")

FILE_NAME = "painting.jpg"


class Sender:
    """Replies, edits and reactions, each within the limits."""

    def __init__(self, bot: Bot, rate_limit: SendRateLimit, chats: Chats, tries: int = 5) -> None:
        """Send with `bot`; `tries`: attempts of a call that must wait or certainly had no effect."""
        self.bot = bot
        self.rate_limit = rate_limit
        self.chats = chats
        self._tries = tries

    async def reply(
        self, origin: Origin, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> int:
        """Answer a message with a text and return the answer's id. Raises `NoSlot`."""
        chat = await self.chat_of(origin)
        await self.rate_limit.acquire(chat, "sendMessage")
        return await self.send_text(origin, chat, text, keyboard)

    async def send_text(
        self, origin: Origin, chat: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> int:
        """Answer with a text at once: the caller has a slot in `chat`."""

        async def send(at: int, address: Address) -> int:
            sent = await self.bot.send_message(at, text, reply_markup=keyboard, **address)
            return sent.message_id

        return await self.answer_with(origin, chat, "sendMessage", send)

    async def answer_with(
        self,
        origin: Origin,
        chat: int,
        method: str,
        call: Callable[[int, Address], Awaitable[T]],
        *,
        once: bool = False,
    ) -> T:
        """Answer a message by a call; leave out the message or the topic where that is refused.

        As `call_with_retries`.
        """
        left_out: set[Refusal] = set()
        while True:
            try:
                return await self.call_with_retries(
                    chat, method, lambda at: call(at, _address(origin, at, left_out)), once=once
                )
            except TelegramError as error:
                refusal = kind_of(error)
                if refusal not in _ADDRESSED or refusal in left_out or not is_refusal(error):
                    raise
                left_out.add(refusal)

    async def edit_text(
        self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change the text of one of the bot's messages; False where that did not work.

        At once: the caller has a slot in `chat`.
        """
        call = self.bot.edit_message_text(
            text, chat_id=chat, message_id=message, reply_markup=keyboard
        )
        return await self._try_once(chat, "editMessageText", call)

    async def edit_text_or_raise(
        self, chat: int, message: int, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> Refusal | None:
        """Change a text finally; return why that is impossible, None if it is done.

        Raises `NoSlot` and `TelegramError` if another try may succeed, or the chat is closed.
        """
        await self.rate_limit.acquire(chat, "editMessageText")
        try:
            await self.call_with_retries(
                chat,
                "editMessageText",
                lambda at: self.bot.edit_message_text(
                    text, chat_id=at, message_id=message, reply_markup=keyboard
                ),
                follow=False,
            )
        except TelegramError as error:
            if not is_refusal(error) or is_chat_closed(error):
                raise
            refusal = kind_of(error)
            return None if refusal is Refusal.UNCHANGED else refusal
        return None

    async def edit_inline_text(
        self, message: str, text: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        """Change the text of a message that the bot sent as a guest."""
        call = self.bot.edit_message_text(text, inline_message_id=message, reply_markup=keyboard)
        return await self._try_once(f"inline:{message}", "editMessageText", call)

    async def react(self, origin: Origin, emoji: str, *, instead_of_words: bool = False) -> bool:
        """Set a reaction; if a text is sent as well, skip it when no slot is free."""
        if not origin.message:
            return False
        chat = await self.chat_of(origin)
        if instead_of_words:
            try:
                await self.rate_limit.acquire_reaction(chat, "setMessageReaction")
            except NoSlot:
                return False
        elif not await self.rate_limit.try_acquire(chat, "setMessageReaction"):
            return False
        return await self.react_at_once(origin, chat, emoji)

    async def react_at_once(
        self, origin: Origin, chat: int, emoji: str, allowed: bool = True
    ) -> bool:
        """Set a reaction where that is `allowed`: the caller has asked."""
        if not (allowed and origin.message):
            return False
        call = self.bot.set_message_reaction(chat, origin.message, emoji)
        return await self._try_once(chat, "setMessageReaction", call)

    async def show_uploading(self, origin: Origin) -> None:
        """Show that a picture is on its way, if there is a slot just now."""
        chat = await self.chat_of(origin)
        if await self.rate_limit.try_acquire(chat, "sendChatAction"):
            call = self.bot.send_chat_action(
                chat, ChatAction.UPLOAD_PHOTO, message_thread_id=origin.thread
            )
            await self._try_once(chat, "sendChatAction", call)

    async def answer_callback(self, query: str, text: str = "", *, alert: bool = False) -> None:
        """Answer a pressed button, so that its progress indicator stops."""
        call = self.bot.answer_callback_query(query, text or None, show_alert=alert)
        await self._try_once(None, "answerCallbackQuery", call)

    async def delete(self, chat: int, message: int) -> bool:
        """Delete one of the bot's messages; return whether it is gone."""
        return await self._try_once(
            chat, "deleteMessage", self.bot.delete_message(chat, message), Refusal.MESSAGE_GONE
        )

    async def call_with_retries(
        self,
        chat: int,
        method: str,
        call: Callable[[int], Awaitable[T]],
        *,
        once: bool = False,
        follow: bool = True,
    ) -> T:
        """Make a call that has its slot; wait out short refusals.

        `once`: what a server failed to answer may have been done, and is not tried again here.
        `follow`: make it in the supergroup that the chat has become; not for calls that name a message,
        whose id means another message there.
        Raises `NoSlot` where the next try would have to wait for too long, `TelegramError`.
        """
        for attempt in range(1, self._tries + 1):
            try:
                return await self._recorded(chat, call)
            except ChatMigrated as moved:
                await asyncio.to_thread(self.chats.moved, chat, moved.new_chat_id)
                if not follow:
                    raise
                chat = moved.new_chat_id
            except RetryAfter as error:
                no_slot = await self.rate_limit.back_off(chat, method, retry_after_s(error))
                if attempt == self._tries:
                    raise no_slot from error
                await self.rate_limit.acquire(chat, method)
            except NetworkError as error:
                in_vain = was_not_sent(error) or (is_outage(error) and not once)
                if is_refusal(error) or not in_vain or attempt == self._tries:
                    raise
                await asyncio.sleep(0.25 * 2**attempt)
        return await self._recorded(chat, call)

    async def _recorded(self, chat: int, call: Callable[[int], Awaitable[T]]) -> T:
        try:
            return await call(chat)
        finally:
            self.rate_limit.record_call(chat)

    async def chat_of(self, origin: Origin) -> int:
        """Return where the origin's chat is now."""
        return await asyncio.to_thread(self.chats.now_at, origin.chat)

    async def _try_once(
        self,
        chat: Chat | None,
        method: str,
        call: Awaitable[object],
        done: Refusal = Refusal.UNCHANGED,
    ) -> bool:
        # A courtesy that fails (not every server knows every method) must never stop anything.
        try:
            await call
        except RetryAfter as error:
            await self.rate_limit.back_off(chat, method, retry_after_s(error))
            return False
        except TelegramError as error:
            return is_refusal(error) and kind_of(error) is done
        return True


async def is_admin(bot: Bot, origin: Origin) -> bool:
    """Return whether the person at `origin` is an admin of the group."""
    if origin.person == str(origin.chat):
        return True  # an anonymous admin speaks as the group
    try:
        member = await bot.get_chat_member(origin.chat, int(origin.person))
    except TelegramError:
        return False
    return member.status in (member.ADMINISTRATOR, member.OWNER)


class Address(TypedDict):
    """Where in a chat a message goes, as the library takes it."""

    reply_parameters: ReplyParameters | None
    message_thread_id: int | None


_ADDRESSED = frozenset({Refusal.NO_REPLY, Refusal.NO_TOPICS})


def _address(origin: Origin, chat: int, left_out: Set[Refusal]) -> Address:
    """Name the message to answer, even when it is deleted meanwhile, and its topic.

    Both mean something else where the origin's chat has become another.
    """
    here = chat == origin.chat
    named = here and origin.message and Refusal.NO_REPLY not in left_out
    reply = ReplyParameters(origin.message, allow_sending_without_reply=True) if named else None
    thread = origin.thread if here and Refusal.NO_TOPICS not in left_out else None
    return Address(reply_parameters=reply, message_thread_id=thread)


@dataclass(frozen=True, slots=True)
class OutgoingMedia:
    """Pictures that are sent together, with their caption and buttons."""

    pictures: tuple[bytes | str, ...]
    """Each a file, or the id of a file that Telegram has."""
    caption: str = ""
    keyboard: InlineKeyboardMarkup | None = None
    """Under a single picture; an album carries no buttons."""
    as_files: bool = False
    spoiler: bool = False
    """Send with a spoiler; files cannot have one."""

    def media(self) -> list[InputMediaPhoto | InputMediaDocument]:
        """Return the pictures as the Bot API's input media, with the caption under the first."""
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
        return InputMediaPhoto(picture, caption, filename=name, has_spoiler=self.spoiler or None)


async def send(
    sender: Sender, origin: Origin, chat: int, outgoing: OutgoingMedia
) -> tuple[Message, ...]:
    """Answer a message with pictures: the caller has a slot in `chat`.

    What may have arrived is not sent again: such an error is raised at once.
    """
    call = _one if len(outgoing.pictures) == 1 else _album
    return await sender.answer_with(
        origin,
        chat,
        method_for(outgoing),
        lambda at, address: call(sender.bot, at, outgoing, address),
        once=True,
    )


def method_for(outgoing: OutgoingMedia) -> str:
    """Return the method that sends this."""
    if len(outgoing.pictures) > 1:
        return "sendMediaGroup"
    return "sendDocument" if outgoing.as_files else "sendPhoto"


async def _one(
    bot: Bot, chat: int, outgoing: OutgoingMedia, address: Address
) -> tuple[Message, ...]:
    picture, caption = outgoing.pictures[0], outgoing.caption or None
    name = FILE_NAME if isinstance(picture, bytes) else None
    if outgoing.as_files:
        sent = await bot.send_document(
            chat,
            picture,
            caption,
            filename=name,
            disable_content_type_detection=True,
            reply_markup=outgoing.keyboard,
            **address,
        )
    else:
        sent = await bot.send_photo(
            chat,
            picture,
            caption,
            filename=name,
            has_spoiler=outgoing.spoiler or None,
            reply_markup=outgoing.keyboard,
            **address,
        )
    return (sent,)


async def _album(
    bot: Bot, chat: int, outgoing: OutgoingMedia, address: Address
) -> tuple[Message, ...]:
    return await bot.send_media_group(chat, outgoing.media(), **address)


class BackgroundTasks:
    """Runs calls in the background. A failure loses a message, never a job."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    def begin(self, call: Coroutine[Any, Any, None]) -> None:
        """Start a call."""
        task = asyncio.create_task(_logged(call))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def finish(self) -> None:
        """Wait until every call has ended."""
        while self._open:
            await asyncio.wait(self._open)


async def _logged(call: Coroutine[Any, Any, None]) -> None:
    try:
        await call
    except NoSlot as error:
        _log.info("message_dropped", reason="chat rate limit", wait_s=round(error.wait_s, 1))
    except TelegramError as error:
        _log.info("message_refused", error=error.message)
    except Exception:
        _log.exception("background_reply_failed")
