"""The dependencies of all deliveries, and the recorded progress of one answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bots.i18n import notes, t
from bots.telegram.errors import Refusal
from bots.telegram.events import Origin, origin_from_address
from bots.telegram.keyboards import title, under_painting
from bots.telegram.sender import Sender
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import Paintings, Placeholder, PlaceholderQueue, StoreClock
from pipeline.styles import Style
from tasks.errors import StoreError, Undeliverable
from tasks.kv import KeyValueStore
from tasks.ledger.ledger import Ledger
from tasks.models import Job, Painting

_CAPTION_MAX = 1024

EDIT, SEND = "edit", "send"
"""The two ways to deliver a painting: edit an existing message, or send a new one."""

SENDING = "sending"
"""Recorded while a message is being sent that must not be sent twice."""


class WayClosed(Exception):
    """This way of answering is refused permanently and certainly had no effect."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


class AlreadyAnswered(Exception):
    """Another worker has answered meanwhile: `receipt` is its answer."""

    def __init__(self, receipt: str) -> None:
        super().__init__(receipt)
        self.receipt = receipt


@dataclass(slots=True)
class Progress:
    """The progress of one answer, stored in the job's record, so that any worker can continue it.

    Message ids are those of `chat`: what stands in a group that has become a supergroup is out of reach.
    """

    job: Job
    origin: Origin
    chat: int
    """The chat where the answer goes now."""
    answer: str
    """The receipt, once the answer exists."""
    given_up: str
    """Why there will be no answer, once the chat was told so."""
    placeholder: int
    """The message id of the listener's placeholder; 0 if there is none."""
    target: int
    """The message that is edited into the answer, 0 without any; it may have been edited already."""
    target_mark: str
    sent: str
    """`sending`, then the ids of the messages that were sent."""
    final: tuple[str, ...]
    """Messages that no longer promise an answer."""
    closed: dict[str, Refusal]
    """Ways that are refused, and why."""
    file_id: str | None = None
    """The file id under which Telegram has the picture; empty if it has none, None if unknown."""

    @classmethod
    def of(cls, job: Job, origin: Origin, chat: int) -> Progress:
        """Read the progress of a job's answer."""
        data = job.platform_data
        closed = (each.partition(":") for each in data.get("closed", "").split())
        return cls(
            job,
            origin,
            chat,
            answer=data.get("answer", ""),
            given_up=data.get("given-up", ""),
            placeholder=message_in(chat, data.get("placeholder", "")),
            target=message_in(chat, data.get("target", "")),
            target_mark=data.get("target", ""),
            sent=data.get("sent", ""),
            final=tuple(data.get("final", "").split()),
            closed={way: Refusal(why) for way, _, why in closed},
        )

    @property
    def language(self) -> str:
        """The language of the person who asked."""
        return self.job.request.language

    def receipt(self, messages: int | str) -> str:
        """Name messages of this chat as the answer."""
        return f"{self.chat}:{messages}"


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """The dependencies of all deliveries, and their common operations."""

    sender: Sender
    ledger: Ledger
    kv: KeyValueStore
    clock: StoreClock
    paintings: Paintings
    placeholders: PlaceholderQueue
    settings: TelegramSettings
    styles: Mapping[str, Style]

    async def progress(self, job: Job, *, fresh: bool = False) -> Progress:
        """Read the progress again: another worker or the listener may have changed it.

        `fresh`: the job was read just now, and is not read again.
        """
        if not fresh:
            job = await asyncio.to_thread(self.ledger.job, job.id)
        origin = origin_from_address(job.request.address, job.request.person, job.request.language)
        return Progress.of(job, origin, await self.sender.chat_of(origin))

    def caption(self, job: Job, painting: Painting) -> str:
        """Return the caption of a painting: its style, that a machine painted it, its notes."""
        style, language = self.styles.get(job.request.style), job.request.language
        name = job.request.style if style is None else title(style, language)
        if self.settings.says_machine:
            name = f"{name} · {t(language, 'telegram-by-machine')}"
        return "\n".join([name, *notes(language, painting.notes)])[:_CAPTION_MAX]

    def keyboard(self, job: Job) -> InlineKeyboardMarkup:
        """Return the buttons under a painting."""
        ask = job.request
        return under_painting(job.id, ask.style, ask.strength, self.styles, ask.language)

    async def check_open(self, progress: Progress) -> None:
        """Check that no other worker has answered meanwhile, or told the chat that there is no answer.

        Call it before anything new is sent. Raises `AlreadyAnswered`, `Undeliverable`.
        """
        now = await self.progress(progress.job)
        if now.answer:
            raise AlreadyAnswered(now.answer)
        if now.given_up:
            raise Undeliverable(now.given_up)

    async def mark(self, job: Job, **data: str) -> None:
        """Store platform data on a job."""
        await asyncio.to_thread(lambda: self.ledger.set_platform_data(job.id, **data))

    async def take_target(
        self,
        progress: Progress,
        message: int,
        *,
        watch: bool = False,
        picture: bytes | None = None,
    ) -> bool:
        """Make a message the one that becomes the answer, unless another worker named one.

        The progress then holds whichever was named. `watch`: the message is new, and the listener takes
        its words back should nobody make the answer of it. `picture`: find out whether Telegram has it.
        """
        named = Placeholder(progress.job.id, progress.chat, str(message))
        stands, file_id = await asyncio.to_thread(
            self.placeholders.name_target,
            named,
            progress.target_mark,
            progress.job.admitted_at if watch else None,
            picture,
        )
        if picture is not None:
            progress.file_id = file_id
        progress.target_mark = stands
        progress.target = message_in(progress.chat, stands)
        if stands == progress.receipt(message):
            return True
        await self.sender.delete(progress.chat, message)
        return False

    async def new_target(self, progress: Progress, words: str) -> bool:
        """Send a message that becomes the answer. False where another worker has named one.

        Raises `NoSlot`, `TelegramError`.
        """
        chat = progress.chat
        await self.sender.rate_limit.acquire(chat, "sendMessage")
        message = await self.sender.send_text(progress.origin, chat, words)
        try:
            return await self.take_target(progress, message, watch=True)
        except StoreError:
            await self.sender.delete(chat, message)
            raise

    async def settle(
        self,
        progress: Progress,
        message: int,
        words: str,
        keyboard: InlineKeyboardMarkup | None = None,
        **data: str,
    ) -> bool:
        """Give one of the bot's messages its final text; return False if it cannot be edited.

        `data` is stored together with that. Raises `NoSlot`, `TelegramError`.
        """
        if await self.sender.edit_text_or_raise(progress.chat, message, words, keyboard):
            return False
        await self.mark_final(progress, message, **data)
        return True

    async def settle_placeholder(
        self, progress: Progress, words: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Turn a placeholder that did not become the answer into one line; else do nothing.

        One that cannot be changed is taken away by the listener.
        """
        if self.has_other_placeholder(progress):
            await self.settle(progress, progress.placeholder, words, keyboard)

    def has_other_placeholder(self, progress: Progress) -> bool:
        """Return whether a placeholder still promises something beside the message that is the answer."""
        placeholder = progress.placeholder
        if not placeholder or placeholder == progress.target:
            return False
        return not self.is_final(progress, placeholder)

    def is_final(self, progress: Progress, message: int) -> bool:
        """Return whether a message no longer promises an answer."""
        return progress.receipt(message) in progress.final

    async def mark_final(self, progress: Progress, *messages: int, **data: str) -> None:
        """Record that these messages no longer promise an answer, together with other data."""
        await self.mark(progress.job, final=self.with_final(progress, *messages), **data)

    @staticmethod
    def with_final(progress: Progress, *messages: int) -> str:
        """Add messages to those that no longer promise an answer; return the value for the record."""
        progress.final = (*progress.final, *map(progress.receipt, messages))
        return " ".join(dict.fromkeys(progress.final))

    async def close_way(self, progress: Progress, way: str, why: Refusal) -> None:
        """Record that a way of answering is refused permanently."""
        progress.closed[way] = why
        closed = " ".join(f"{way}:{why}" for way, why in progress.closed.items())
        await self.mark(progress.job, closed=closed)


def message_in(chat: int, written: str) -> int:
    """Return the id of a message that was written down as `chat:message`, 0 in any other chat."""
    place, _, message = written.rpartition(":")
    return int(message) if place == str(chat) and message.isdigit() else 0
