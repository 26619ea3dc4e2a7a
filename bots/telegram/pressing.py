"""Buttons that people press, also days later and after any number of restarts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from telegram.error import TelegramError

from bots.phrases import languages, refusal, say
from bots.telegram import buttons
from bots.telegram.asking import PLATFORM, Desk
from bots.telegram.buttons import NoButton, Repaint, decode
from bots.telegram.chats import Chats
from bots.telegram.closer import Closer, Gone
from bots.telegram.heard import Pressed
from bots.telegram.origin import Place
from bots.telegram.paintings import Paintings
from bots.telegram.speaker import Speaker
from pipeline.styles import Style
from tasks.contract import Ask, Refused
from tasks.services import Services

_log = structlog.get_logger()
_ONCE_S = 86_400.0
_ALERT_MAX = 200
"""Characters of a notification; Bot API, answerCallbackQuery."""


class Presses:
    """What each button does."""

    def __init__(
        self,
        speaker: Speaker,
        services: Services,
        chats: Chats,
        desk: Desk,
        closer: Closer,
        paintings: Paintings,
        styles: Mapping[str, Style],
    ) -> None:
        self._speaker, self._services, self._chats = speaker, services, chats
        self._desk, self._closer, self._paintings = desk, closer, paintings
        self._styles = styles
        self._notebook = services.notebook(PLATFORM)
        self._acts: dict[str, Callable[[Pressed, str, str], Awaitable[None]]] = {
            buttons.ORIGINAL: self._original,
            buttons.COMPARE: self._compare,
            buttons.RESEND: self._resend,
            buttons.CANCEL: self._cancel,
            buttons.LANGUAGE: self._language,
            buttons.STYLE: self._style,
            buttons.FORGET: self._forget,
        }

    async def ask(self, pressed: Pressed) -> Ask | None:
        """Return the ask behind a button, None for a button that asks for no painting."""
        try:
            wanted = decode(pressed.data)
        except NoButton:
            return None
        if not isinstance(wanted, Repaint) or wanted.style not in self._styles:
            return None
        return await asyncio.to_thread(self._desk.repainting, pressed, wanted)

    async def refused(self, pressed: Pressed, ask: Ask, refused: Refused, now: float) -> None:
        """Say in a passing note why a button does nothing just now."""
        words = refusal(ask.language, refused, now)
        await self._speaker.nod(pressed.query, words[:_ALERT_MAX], alert=True)

    async def act(self, pressed: Pressed) -> None:
        """Do what a button says that asks for no painting."""
        language = await asyncio.to_thread(self._chats.spoken, pressed.origin)
        try:
            wanted = decode(pressed.data)
        except NoButton:
            wanted = Repaint("", "", 0.0)
        if isinstance(wanted, Repaint):
            await self._speaker.nod(pressed.query, say(language, "telegram-photo-gone"), alert=True)
            return
        if not await asyncio.to_thread(self._first_time, pressed):
            return
        try:
            await self._acts[wanted.act](pressed, wanted.on, language)
        except Gone:
            await self._speaker.nod(pressed.query, say(language, "telegram-photo-gone"), alert=True)
        except TelegramError as error:
            _log.info("a button could not do its work", act=wanted.act, error=error.message)
            await self._speaker.nod(pressed.query)

    def _first_time(self, pressed: Pressed) -> bool:
        # The same update may come again after a crash; the ledger only guards asks.
        return self._notebook.put_new(pressed.event, "1", _ONCE_S)

    async def _original(self, pressed: Pressed, job_id: str, _: str) -> None:
        await self._closer.originals(pressed.origin, job_id)
        await self._speaker.nod(pressed.query)

    async def _compare(self, pressed: Pressed, job_id: str, language: str) -> None:
        await self._closer.comparison(pressed.origin, job_id, say(language, "telegram-compared"))
        await self._speaker.nod(pressed.query)

    async def _resend(self, pressed: Pressed, job_id: str, _: str) -> None:
        await self._closer.again(pressed.origin, job_id)
        await self._speaker.nod(pressed.query)

    async def _cancel(self, pressed: Pressed, job_id: str, language: str) -> None:
        ledger, person = self._services.ledger, pressed.origin.person
        done = await asyncio.to_thread(ledger.cancel, job_id, person)
        key = "telegram-cancelled" if done else "telegram-cancel-late"
        await self._speaker.nod(pressed.query, say(language, key))
        if done and pressed.shown:
            chat = await self._speaker.chat_of(pressed.origin)
            await self._speaker.pace.turn(chat)
            await self._speaker.retell(chat, pressed.shown, say(language, key))

    async def _language(self, pressed: Pressed, code: str, _: str) -> None:
        if code in languages():
            await asyncio.to_thread(self._chats.choose_language, pressed.origin.person, code)
            await self._speaker.nod(pressed.query)
            await self._answer(pressed, say(code, "telegram-language-set"))

    async def _style(self, pressed: Pressed, name: str, language: str) -> None:
        if name not in self._styles:
            await self._speaker.nod(pressed.query)
            return
        words = say(
            language, "telegram-style-set", style=buttons.title(self._styles[name], language)
        )
        await asyncio.to_thread(self._chats.choose_style, pressed.origin.person, name)
        await self._speaker.nod(pressed.query, words)

    async def _forget(self, pressed: Pressed, choice: str, language: str) -> None:
        person = pressed.origin.person
        if choice in ("yes", "never"):
            await asyncio.to_thread(self._leave_no_trace, person, choice == "never")
        await self._speaker.nod(pressed.query)
        await self._answer(pressed, say(language, f"telegram-forgot-{choice}"))

    def _leave_no_trace(self, person: str, opt_out: bool) -> None:
        self._paintings.forget(PLATFORM, person)
        self._services.people.forget(PLATFORM, person, opt_out)
        self._chats.forget(person)

    async def _answer(self, pressed: Pressed, words: str) -> None:
        if pressed.origin.place is Place.GUEST or not pressed.shown:
            return
        chat = await self._speaker.chat_of(pressed.origin)
        await self._speaker.pace.turn(chat)
        await self._speaker.retell(chat, pressed.shown, words)
