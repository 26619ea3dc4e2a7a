"""Commands that people send: `/style watercolor`, `/status`, `/forget`.

Commands for those who run the bot: /stats, /pause, /resume, /ban, /unban.

Inline mode: a person's own recent paintings, typed into any chat.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import structlog
from telegram import InlineKeyboardMarkup, InlineQueryResultCachedPhoto, InlineQueryResultsButton
from telegram.error import TelegramError

from bots.i18n import describe_status, languages, t
from bots.telegram.events import InlineQueryEvent, MessageEvent, Origin, Place
from bots.telegram.keyboards import of_forgetting, of_languages, of_styles, title
from bots.telegram.sender import Sender, is_admin
from bots.telegram.settings import PLATFORM, TelegramSettings
from bots.telegram.store import Chats, GroupRules, Paintings
from pipeline.styles import Style, find_style
from tasks.controls import PAUSABLE
from tasks.ledger.ledger import Ledger
from tasks.ledger.records import text
from tasks.services import Services

Command = Callable[[MessageEvent, str], Awaitable[None]]

_COOLDOWN_MAX_S = 86_400


class Commands:
    """Everything that a person can ask for without a photo."""

    def __init__(
        self, sender: Sender, ledger: Ledger, chats: Chats, styles: Mapping[str, Style]
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._chats = chats
        self._styles = styles
        self._known: dict[str, Command] = {
            "start": self._start,
            "help": self._help,
            "styles": self._list_styles,
            "style": self._style,
            "status": self._status,
            "cancel": self._cancel,
            "privacy": self._privacy,
            "forget": self._forget,
            "language": self._language,
            "cooldown": self._cooldown,
            "others": self._others,
        }

    async def obey(self, heard: MessageEvent) -> bool:
        """Do what a command says; False when there is no such command."""
        command = self._known.get(heard.command)
        if command is None:
            return False
        await command(heard, await self.language(heard.origin))
        return True

    async def language(self, origin: Origin) -> str:
        """Return the language to speak."""
        return await asyncio.to_thread(self._chats.spoken, origin)

    async def hint(self, heard: MessageEvent) -> None:
        """Say in one line what to do."""
        await self._say(heard, t(await self.language(heard.origin), "telegram-hint"))

    async def cancel_all(self, heard: MessageEvent) -> None:
        """Cancel everything that a person waits for."""
        await self._cancel(heard, await self.language(heard.origin))

    async def _start(self, heard: MessageEvent, language: str) -> None:
        await self._say(heard, t(language, "telegram-start"), of_styles(self._styles, language))

    async def _help(self, heard: MessageEvent, language: str) -> None:
        await self._say(heard, t(language, "telegram-help"))

    async def _privacy(self, heard: MessageEvent, language: str) -> None:
        await self._say(heard, t(language, "telegram-privacy"))

    async def _list_styles(self, heard: MessageEvent, language: str) -> None:
        lines = [
            f"{title(each, language)} ({each.name})\n{each.about.get(language, each.about['en'])}"
            for each in self._styles.values()
        ]
        await self._say(heard, "\n\n".join(lines), of_styles(self._styles, language))

    async def _style(self, heard: MessageEvent, language: str) -> None:
        style = find_style(heard.words, self._styles) if heard.words else None
        if style is None:
            key = "telegram-style-unknown" if heard.words else "telegram-style-which"
            await self._say(heard, t(language, key), of_styles(self._styles, language))
        elif heard.origin.place is Place.GROUP:
            await self._group_style(heard, style, language)
        else:
            await asyncio.to_thread(self._chats.choose_style, heard.origin.person, style.name)
            await self._say(heard, t(language, "telegram-style-set", style=title(style, language)))

    async def _group_style(self, heard: MessageEvent, style: Style, language: str) -> None:
        if await self._rules(heard, language, lambda now: replace(now, style=style.name)):
            words = t(language, "telegram-group-style-set", style=title(style, language))
            await self._say(heard, words)

    async def _cooldown(self, heard: MessageEvent, language: str) -> None:
        seconds = heard.words.removesuffix("s").strip()
        if not (seconds.isascii() and seconds.isdigit()) or int(seconds) > _COOLDOWN_MAX_S:
            await self._say(heard, t(language, "telegram-cooldown-how"))
        elif await self._rules(
            heard, language, lambda now: replace(now, cooldown_s=float(seconds))
        ):
            await self._say(heard, t(language, "telegram-cooldown-set", wait_s=int(seconds)))

    async def _others(self, heard: MessageEvent, language: str) -> None:
        choice = {"on": True, "off": False}.get(heard.words.casefold())
        if choice is None:
            await self._say(heard, t(language, "telegram-others-how"))
        elif await self._rules(heard, language, lambda now: replace(now, others=choice)):
            await self._say(heard, t(language, "telegram-others-" + ("on" if choice else "off")))

    async def _rules(
        self, heard: MessageEvent, language: str, change: Callable[[GroupRules], GroupRules]
    ) -> bool:
        if heard.origin.place is not Place.GROUP:
            await self._say(heard, t(language, "telegram-groups-only"))
            return False
        if not await is_admin(self._sender.bot, heard.origin):
            await self._say(heard, t(language, "telegram-admins-only"))
            return False
        chat = await self._sender.chat_of(heard.origin)
        await asyncio.to_thread(self._chats.change_rules, chat, change)
        return True

    async def _status(self, heard: MessageEvent, language: str) -> None:
        lines = await asyncio.to_thread(self._standings, heard.origin.person, language)
        await self._say(heard, "\n".join(lines) or t(language, "telegram-status-none"))

    def _standings(self, person: str, language: str) -> list[str]:
        found = map(self._ledger.find_standing, self._ledger.open_jobs(PLATFORM, person))
        return [describe_status(language, each) for each in found if each is not None]

    async def _cancel(self, heard: MessageEvent, language: str) -> None:
        count = await asyncio.to_thread(self._cancelled, heard.origin.person)
        key = "telegram-cancelled-all" if count else "telegram-cancel-none"
        await self._say(heard, t(language, key, count=count))

    def _cancelled(self, person: str) -> int:
        jobs = self._ledger.open_jobs(PLATFORM, person)
        return sum(self._ledger.cancel(job_id, person) for job_id in jobs)

    async def _forget(self, heard: MessageEvent, language: str) -> None:
        await self._say(heard, t(language, "telegram-forget"), of_forgetting(language))

    async def _language(self, heard: MessageEvent, language: str) -> None:
        code = heard.words.casefold()
        if code not in languages():
            await self._say(heard, t(language, "telegram-language"), of_languages())
            return
        await asyncio.to_thread(self._chats.choose_language, heard.origin.person, code)
        await self._say(heard, t(code, "telegram-language-set"))

    async def _say(
        self, heard: MessageEvent, words: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        await self._sender.reply(heard.origin, words, keyboard)


COMMANDS = ("stats", "pause", "resume", "ban", "unban")


class Operators:
    """Obeys the accounts in the settings, in private; to all others these commands do not exist."""

    def __init__(self, sender: Sender, services: Services, settings: TelegramSettings) -> None:
        self._sender = sender
        self._services = services
        self._admins = frozenset(map(str, settings.admins))

    async def obey(self, heard: MessageEvent, language: str) -> bool:
        """Do what an operator says; False when this is no operator or no such command."""
        origin = heard.origin
        if heard.command not in COMMANDS or not origin.private or origin.person not in self._admins:
            return False
        words = await asyncio.to_thread(self._done, heard.command, heard.words.split(), language)
        await self._sender.reply(origin, words)
        return True

    def _done(self, command: str, args: list[str], language: str) -> str:
        match command, args:
            case "stats", []:
                return Stats(self._services).text()
            case "pause" | "resume", [what, *where] if what in PAUSABLE and len(where) <= 1:
                self._switch(command, what, *where)
            case "ban" | "unban", [person]:
                self._judge(command, person)
            case _:
                return t(language, "telegram-operator-how", stages=" | ".join(PAUSABLE))
        return t(language, "telegram-operator-done")

    def _switch(self, command: str, what: str, platform: str | None = None) -> None:
        switches = self._services.controls
        if command == "pause":
            switches.pause(what, platform)
        else:
            switches.resume(what, platform)

    def _judge(self, command: str, person: str) -> None:
        platform, _, name = person.rpartition(":")
        people = self._services.users
        judge = people.ban if command == "ban" else people.unban
        judge(platform or PLATFORM, name)


class Stats:
    """Figures of the whole bot, all processes and platforms together."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def text(self) -> str:
        """Return one line per figure."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        switches = self._services.controls
        yield f"ladder: {switches.overload_level()}"
        yield f"engine: {switches.engine() or '-'}"
        for what, until in sorted(switches.paused().items()):
            yield f"paused: {what}" + (f" until {until:.0f}" if until else "")
        namespace = self._services.settings.namespace
        counts: Mapping[Any, Any] = self._services.redis.hgetall(f"{namespace}:counts")
        for name in sorted(counts):
            yield f"{text(name)}: {int(counts[name])}"


_log = structlog.get_logger()

_MOST = 20

_CACHE_S = 5


class Inline:
    """Answers inline queries with pictures that Telegram has already."""

    def __init__(self, sender: Sender, ledger: Ledger, paintings: Paintings, chats: Chats) -> None:
        self._sender = sender
        self._ledger = ledger
        self._paintings = paintings
        self._chats = chats

    async def answer(self, typed: InlineQueryEvent) -> None:
        """Offer the person's paintings, newest first, or a way to get the first one."""
        files = await asyncio.to_thread(self._files, typed.person)
        language = await asyncio.to_thread(self._chats.language, typed.person) or "en"
        results = [InlineQueryResultCachedPhoto(key, file_id) for key, file_id in files]
        button = InlineQueryResultsButton(
            t(language, "telegram-inline-start"), start_parameter="inline"
        )
        try:
            await self._sender.bot.answer_inline_query(
                typed.query,
                results,
                cache_time=_CACHE_S,
                is_personal=True,
                button=None if results else button,
            )
        except TelegramError as error:
            _log.info("an inline query was not answered", error=error.message)

    def _files(self, person: str) -> list[tuple[str, str]]:
        files = []
        for job_id in self._ledger.past_jobs(PLATFORM, person, _MOST):
            job = self._paintings.job(job_id)
            for n, file_id in enumerate(job.platform_data.get("files", "").split() if job else ()):
                files.append((f"{job_id}-{n}", file_id))
        return files[:_MOST]
