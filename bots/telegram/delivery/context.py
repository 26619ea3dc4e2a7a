"""What every delivery on Telegram has at hand, and the words that go with a painting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bots.i18n import notes, t
from bots.telegram.events import Origin, origin_from_address
from bots.telegram.keyboards import title, under_painting
from bots.telegram.sender import Sender
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import Paintings
from pipeline.styles import Style
from tasks.kv import KeyValueStore
from tasks.ledger.ledger import Ledger
from tasks.models import Job, Painting

_CAPTION_MAX = 1024


@dataclass(frozen=True, slots=True)
class DeliveryContext:
    """What every delivery needs."""

    speaker: Sender
    ledger: Ledger
    notebook: KeyValueStore
    paintings: Paintings
    settings: TelegramSettings
    styles: Mapping[str, Style]

    async def place(self, job: Job) -> tuple[Origin, int]:
        """Return what a job answers, and the chat where it is answered now."""
        origin = origin_from_address(job.request.address, job.request.person, job.request.language)
        return origin, await self.speaker.chat_of(origin)

    def caption(self, job: Job, painting: Painting) -> str:
        """Return the words under a painting: its style, its maker, what there is to say about it."""
        style, language = self.styles.get(job.request.style), job.request.language
        name = job.request.style if style is None else title(style, language)
        if self.settings.says_machine:
            name = f"{name} · {t(language, 'telegram-by-machine')}"
        return "\n".join([name, *notes(language, painting.notes)])[:_CAPTION_MAX]

    def keyboard(self, job: Job) -> InlineKeyboardMarkup:
        """Return the buttons under a painting."""
        ask = job.request
        return under_painting(job.id, ask.style, ask.strength, self.styles, ask.language)

    async def mark(self, job: Job, **marks: str) -> None:
        """Write something down about a job."""
        await asyncio.to_thread(lambda: self.ledger.set_platform_data(job.id, **marks))

    async def collapse(
        self,
        job: Job,
        chat: int,
        words: str,
        keyboard: InlineKeyboardMarkup | None = None,
        *,
        answer: int = 0,
    ) -> None:
        """Turn a placeholder that did not become the answer into one line; else do nothing."""
        placeholder = job.platform_data.get("placeholder", "")
        if not placeholder or placeholder == str(answer):
            return
        # One that cannot be reworded is taken away by the listening side.
        if await self.speaker.edit_text_or_raise(chat, int(placeholder), words, keyboard):
            await self.mark(job, collapsed=placeholder)
