"""Brings an answer to a chat exactly once: whatever is sent stands in a message that is edited.

Telegram offers no way to look for a message that may have been sent. Editing has no such doubt: the
same edit made twice changes nothing. So a painting is never sent; a message with a few words is sent,
its id written down, and that message then becomes the painting. A crash between sending and writing
down costs a stray line of text, not a second painting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from telegram import InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto, Message
from telegram.error import TelegramError

from bots.phrases import apology, notes, say
from bots.telegram.buttons import title, under_painting
from bots.telegram.faults import Trouble, refusal, trouble_of
from bots.telegram.origin import Origin, read
from bots.telegram.paintings import Paintings
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from pipeline.styles import Style
from tasks.contract import Apology, Job, Painting
from tasks.ledger import Ledger

FILE_NAME = "painting.jpg"
_CAPTION_MAX = 1024
_GREETING_S = 1.5
"""After its admission a job's placeholder may still be on its way."""
_STANDS = 3
"""Messages that are tried as the answer's place, where the person deletes them meanwhile."""


@dataclass(frozen=True, slots=True)
class Desktop:
    """What every delivery needs."""

    speaker: Speaker
    ledger: Ledger
    paintings: Paintings
    settings: TelegramSettings
    styles: Mapping[str, Style]

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


class Delivery:
    """Delivers one picture, or one sentence, to a chat where the bot may speak."""

    def __init__(self, desk: Desktop) -> None:
        self._desk = desk
        self._speaker = desk.speaker

    async def painting(self, job: Job, painting: Painting) -> str:
        """Show the painting and return the receipt."""
        origin = read(job.ask.address, job.ask.person, job.ask.language)
        chat = await self._speaker.chat_of(origin)
        late = await self._late(job)
        stand = await self._stand(job, origin, chat, fresh=late)
        picture = painting.pictures[0]
        for attempt in range(_STANDS):
            try:
                shown = await self._become(job, painting, chat, stand)
                break
            except TelegramError as error:
                if trouble_of(error) is not Trouble.MESSAGE_GONE or attempt == _STANDS - 1:
                    raise
                stand = await self._new_stand(job, origin, chat)
        if shown is not None:
            await self._remember(job, picture, shown)
        await self.collapse(job, chat, stand, say(job.ask.language, "telegram-painted-below"))
        return f"{chat}:{stand}"

    async def apology(self, job: Job, answer: Apology) -> str:
        """Say the sentence and return the receipt."""
        origin = read(job.ask.address, job.ask.person, job.ask.language)
        chat = await self._speaker.chat_of(origin)
        stand = await self._stand(job, origin, chat, fresh=False)
        words = apology(job.ask.language, answer)
        if not await self._speaker.rewrite(chat, stand, words):
            stand = await self._new_stand(job, origin, chat, words)
        return f"{chat}:{stand}"

    async def collapse(
        self,
        job: Job,
        chat: int,
        stand: int,
        words: str,
        keyboard: InlineKeyboardMarkup | None = None,
    ) -> None:
        """Turn a placeholder that did not become the answer into one line."""
        placeholder = job.marks.get("placeholder", "")
        if not placeholder or placeholder == str(stand):
            return
        await self._speaker.rewrite(chat, int(placeholder), words, keyboard)
        await self._desk.mark(job, collapsed=placeholder)

    async def _late(self, job: Job) -> bool:
        now = await asyncio.to_thread(self._desk.ledger.now)
        return now - job.admitted_at > self._desk.settings.edit_within_s

    async def _stand(self, job: Job, origin: Origin, chat: int, *, fresh: bool) -> int:
        """Return the message that becomes the answer, a new one where there is none yet."""
        known = job.marks.get("stand", "")
        if not known and not fresh:
            known = job.marks.get("placeholder", "") or await self._greeting(job, origin)
        if not known:
            return await self._new_stand(job, origin, chat)
        await self._desk.mark(job, stand=known)
        await asyncio.to_thread(self._desk.paintings.remember, chat, (int(known),), job.id)
        return int(known)

    async def _greeting(self, job: Job, origin: Origin) -> str:
        """Wait a moment for a placeholder that is just being sent; return its id, '' without one."""
        ledger = self._desk.ledger
        while (
            origin.private and await asyncio.to_thread(ledger.now) - job.admitted_at < _GREETING_S
        ):
            await asyncio.sleep(_GREETING_S / 20)
            placeholder = (await asyncio.to_thread(ledger.job, job.id)).marks.get("placeholder")
            if placeholder:
                return placeholder
        return ""

    async def _new_stand(self, job: Job, origin: Origin, chat: int, words: str = "") -> int:
        await self._speaker.pace.turn(chat)
        ready = words or say(job.ask.language, "telegram-ready")
        stand = await self._speaker.send_text(origin, chat, ready)
        await self._desk.mark(job, stand=str(stand))
        await asyncio.to_thread(self._desk.paintings.remember, chat, (stand,), job.id)
        return stand

    async def _become(self, job: Job, painting: Painting, chat: int, stand: int) -> Message | None:
        """Turn the message into the painting; None where it was that already."""
        picture, caption = painting.pictures[0], self._desk.caption(job, painting)
        known = await asyncio.to_thread(self._desk.paintings.file_of, picture)
        try:
            return await self._edit(
                job,
                chat,
                stand,
                InputMediaPhoto(
                    known or picture, caption=caption, filename=None if known else FILE_NAME
                ),
            )
        except TelegramError as error:
            trouble = trouble_of(error)
            if not refusal(error) or trouble not in (Trouble.PICTURE_REFUSED, Trouble.FILE_GONE):
                raise
            if known:
                await asyncio.to_thread(self._desk.paintings.forget_file, picture)
                return await self._become(job, painting, chat, stand)
        # What Telegram will not show as a photo it still carries as a file.
        return await self._edit(
            job, chat, stand, InputMediaDocument(picture, caption=caption, filename=FILE_NAME)
        )

    async def _edit(
        self, job: Job, chat: int, stand: int, media: InputMediaPhoto | InputMediaDocument
    ) -> Message | None:
        await self._speaker.pace.turn(chat)
        try:
            shown = await self._speaker.carry(
                chat,
                lambda at: self._speaker.bot.edit_message_media(
                    media, chat_id=at, message_id=stand, reply_markup=self._desk.keyboard(job)
                ),
            )
        except TelegramError as error:
            if trouble_of(error) is Trouble.UNCHANGED:
                return None
            raise
        return shown if isinstance(shown, Message) else None

    async def _remember(self, job: Job, picture: bytes, shown: Message) -> None:
        if shown.photo:
            file_id = shown.photo[-1].file_id
            await asyncio.to_thread(self._desk.paintings.remember_file, picture, file_id)
            await self._desk.mark(job, files=file_id)
