"""What every delivery on Telegram has at hand, and the words that go with a painting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup

from bots.phrases import notes, say
from bots.telegram.buttons import title, under_painting
from bots.telegram.origin import Origin, read
from bots.telegram.paintings import Paintings
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from pipeline.styles import Style
from tasks.contract import Job, Painting
from tasks.ledger import Ledger
from tasks.notebook import Notebook

_CAPTION_MAX = 1024


@dataclass(frozen=True, slots=True)
class Desktop:
    """What every delivery needs."""

    speaker: Speaker
    ledger: Ledger
    notebook: Notebook
    paintings: Paintings
    settings: TelegramSettings
    styles: Mapping[str, Style]

    async def place(self, job: Job) -> tuple[Origin, int]:
        """Return what a job answers, and the chat where it is answered now."""
        origin = read(job.ask.address, job.ask.person, job.ask.language)
        return origin, await self.speaker.chat_of(origin)

    def caption(self, job: Job, painting: Painting) -> str:
        """Return the words under a painting: its style, its maker, what there is to say about it."""
        style, language = self.styles.get(job.ask.style), job.ask.language
        name = job.ask.style if style is None else title(style, language)
        if self.settings.says_machine:
            name = f"{name} · {say(language, 'telegram-by-machine')}"
        return "\n".join([name, *notes(language, painting.notes)])[:_CAPTION_MAX]

    def keyboard(self, job: Job) -> InlineKeyboardMarkup:
        """Return the buttons under a painting."""
        ask = job.ask
        return under_painting(job.id, ask.style, ask.strength, self.styles, ask.language)

    async def mark(self, job: Job, **marks: str) -> None:
        """Write something down about a job."""
        await asyncio.to_thread(lambda: self.ledger.mark(job.id, **marks))

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
        placeholder = job.marks.get("placeholder", "")
        if not placeholder or placeholder == str(answer):
            return
        # One that cannot be reworded is taken away by the listening side.
        if await self.speaker.rewrite(chat, int(placeholder), words, keyboard):
            await self.mark(job, collapsed=placeholder)
