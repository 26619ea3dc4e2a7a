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
from tasks.errors import StoreError
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

    async def progress(self, job: Job) -> Progress:
        """Read the progress again: another worker or the listener may have changed it."""
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

    async def mark(self, job: Job, **data: str) -> None:
        """Store platform data on a job."""
        await asyncio.to_thread(lambda: self.ledger.set_platform_data(job.id, **data))

    async def take_target(self, progress: Progress, message: int) -> bool:
        """Make a message the one that becomes the answer, unless another worker named one.

        The progress then holds whichever was named.
        """
        mine = progress.receipt(message)
        stands = await asyncio.to_thread(
            self.ledger.swap_platform_data, progress.job.id, "target", progress.target_mark, mine
        )
        progress.target_mark = stands
        progress.target = message_in(progress.chat, stands)
        if stands == mine:
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
        # If it never becomes a painting, the listener edits or deletes it.
        watched = Placeholder(progress.job.id, chat, str(message))
        try:
            await asyncio.to_thread(self.placeholders.add, watched, progress.job.admitted_at)
        except StoreError:
            await self.sender.delete(chat, message)
            raise
        return await self.take_target(progress, message)

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
        if not await self.sender.edit_text_or_raise(progress.chat, message, words, keyboard):
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
        progress.final = (*progress.final, *map(progress.receipt, messages))
        await self.mark(progress.job, final=" ".join(dict.fromkeys(progress.final)), **data)

    async def close_way(self, progress: Progress, way: str, why: Refusal) -> None:
        """Record that a way of answering is refused permanently."""
        progress.closed[way] = why
        closed = " ".join(f"{way}:{why}" for way, why in progress.closed.items())
        await self.mark(progress.job, closed=closed)


def message_in(chat: int, written: str) -> int:
    """Return the id of a message that was written down as `chat:message`, 0 in any other chat."""
    place, _, message = written.rpartition(":")
    return int(message) if place == str(chat) and message.isdigit() else 0
