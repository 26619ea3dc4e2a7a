"""Commands that people send (`/style watercolor`), those of operators (`/pause`), and inline mode."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace

import structlog
from telegram import InlineKeyboardMarkup, InlineQueryResultCachedPhoto, InlineQueryResultsButton
from telegram.error import TelegramError

from bots.i18n import describe_status, languages, t
from bots.person_ids import UnknownPerson, names_of_people, read_person
from bots.telegram.events import InlineQueryEvent, MessageEvent, Origin, Place
from bots.telegram.keyboards import of_forgetting, of_languages, of_styles, title
from bots.telegram.sender import Sender, is_admin
from bots.telegram.settings import PLATFORM, TelegramSettings
from bots.telegram.store import Chats, GroupRules, Paintings
from pipeline.styles import Style, find_style
from tasks.ledger.ledger import Ledger
from tasks.models import PAUSABLE
from tasks.platform import platform_names
from tasks.services import Services
from tasks.stats import read_stats

Command = Callable[[MessageEvent, str], Awaitable[None]]

_log = structlog.get_logger()

_COOLDOWN_MAX_S = 86_400


class Commands:
    """The commands of all people."""

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

    async def run(self, message: MessageEvent) -> bool:
        """Run a command; False when there is no such command."""
        command = self._known.get(message.command)
        if command is None:
            return False
        await command(message, await self.language(message))
        return True

    async def language(self, message: MessageEvent) -> str:
        """Return the language to answer a message in."""
        return await asyncio.to_thread(self._chats.language, message.origin)

    async def cancel_all(self, message: MessageEvent) -> None:
        """Cancel all waiting jobs of a person."""
        await self._cancel(message, await self.language(message))

    async def _start(self, message: MessageEvent, language: str) -> None:
        await self._say(message, t(language, "telegram-start"), of_styles(self._styles, language))

    async def _help(self, message: MessageEvent, language: str) -> None:
        await self._say(message, t(language, "telegram-help"))

    async def _privacy(self, message: MessageEvent, language: str) -> None:
        await self._say(message, t(language, "telegram-privacy"))

    async def _list_styles(self, message: MessageEvent, language: str) -> None:
        lines = [
            f"{title(each, language)} ({each.name})\n{each.about.get(language, each.about['en'])}"
            for each in self._styles.values()
        ]
        await self._say(message, "\n\n".join(lines), of_styles(self._styles, language))

    async def _style(self, message: MessageEvent, language: str) -> None:
        style = find_style(message.words, self._styles) if message.words else None
        if style is None:
            key = "telegram-style-unknown" if message.words else "telegram-style-which"
            await self._say(message, t(language, key), of_styles(self._styles, language))
        elif message.origin.place is Place.GROUP:
            await self._group_style(message, style, language)
        else:
            await asyncio.to_thread(self._chats.choose_style, message.origin.person, style.name)
            await self._say(
                message, t(language, "telegram-style-set", style=title(style, language))
            )

    async def _group_style(self, message: MessageEvent, style: Style, language: str) -> None:
        if await self._rules(message, language, lambda now: replace(now, style=style.name)):
            words = t(language, "telegram-group-style-set", style=title(style, language))
            await self._say(message, words)

    async def _cooldown(self, message: MessageEvent, language: str) -> None:
        seconds = message.words.removesuffix("s").strip()
        if not (seconds.isascii() and seconds.isdigit()) or int(seconds) > _COOLDOWN_MAX_S:
            await self._say(message, t(language, "telegram-cooldown-how"))
        elif await self._rules(
            message, language, lambda now: replace(now, cooldown_s=float(seconds))
        ):
            await self._say(message, t(language, "telegram-cooldown-set", wait_s=int(seconds)))

    async def _others(self, message: MessageEvent, language: str) -> None:
        choice = {"on": True, "off": False}.get(message.words.casefold())
        if choice is None:
            await self._say(message, t(language, "telegram-others-how"))
        elif await self._rules(message, language, lambda now: replace(now, others=choice)):
            await self._say(message, t(language, "telegram-others-" + ("on" if choice else "off")))

    async def _rules(
        self, message: MessageEvent, language: str, change: Callable[[GroupRules], GroupRules]
    ) -> bool:
        if message.origin.place is not Place.GROUP:
            await self._say(message, t(language, "telegram-groups-only"))
            return False
        if not await is_admin(self._sender.bot, message.origin):
            await self._say(message, t(language, "telegram-admins-only"))
            return False
        chat = await self._sender.chat_of(message.origin)
        await asyncio.to_thread(self._chats.change_rules, chat, change)
        return True

    async def _status(self, message: MessageEvent, language: str) -> None:
        lines = await asyncio.to_thread(self._status_lines, message.origin.person, language)
        await self._say(message, "\n".join(lines) or t(language, "telegram-status-none"))

    def _status_lines(self, person: str, language: str) -> list[str]:
        found = map(self._ledger.find_queue_status, self._ledger.open_jobs(PLATFORM, person))
        return [describe_status(language, each) for each in found if each is not None]

    async def _cancel(self, message: MessageEvent, language: str) -> None:
        count = await asyncio.to_thread(self._cancelled, message.origin.person)
        key = "telegram-cancelled-all" if count else "telegram-cancel-none"
        await self._say(message, t(language, key, count=count))

    def _cancelled(self, person: str) -> int:
        jobs = self._ledger.open_jobs(PLATFORM, person)
        return sum(self._ledger.cancel(job_id, person) for job_id in jobs)

    async def _forget(self, message: MessageEvent, language: str) -> None:
        await self._say(message, t(language, "telegram-forget"), of_forgetting(language))

    async def _language(self, message: MessageEvent, language: str) -> None:
        code = message.words.casefold()
        if code not in languages():
            await self._say(message, t(language, "telegram-language"), of_languages())
            return
        await asyncio.to_thread(self._chats.choose_language, message.origin.person, code)
        await self._say(message, t(code, "telegram-language-set"))

    async def _say(
        self, message: MessageEvent, words: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        await self._sender.reply(message.origin, words, keyboard)


COMMANDS = ("stats", "pause", "resume", "ban", "unban")


class OperatorCommands:
    """Commands of the accounts in the settings, in private; to all others they do not exist."""

    def __init__(self, sender: Sender, services: Services, settings: TelegramSettings) -> None:
        self._sender = sender
        self._services = services
        self._admins = frozenset(map(str, settings.admins))

    async def run(self, message: MessageEvent, language: str) -> bool:
        """Run a command of an operator; False when this is no operator or no such command."""
        origin = message.origin
        if (
            message.command not in COMMANDS
            or not origin.private
            or origin.person not in self._admins
        ):
            return False
        words = await asyncio.to_thread(
            self._result, message.command, message.words.split(), language
        )
        _log.info("operator_command", command=message.command, operator=origin.person)
        await self._sender.reply(origin, words)
        return True

    def _result(self, command: str, args: list[str], language: str) -> str:
        match command, args:
            case "stats", []:
                return Stats(self._services).text()
            case "pause" | "resume", [what, *where] if _is_switch(what, where):
                self._switch(command, what, *where)
            case "ban" | "unban", [person] if _names_person(person):
                self._set_ban(command, person)
            case _:
                return t(language, "telegram-operator-how", stages=" | ".join(PAUSABLE))
        return t(language, "telegram-operator-done")

    def _switch(self, command: str, what: str, platform: str | None = None) -> None:
        controls = self._services.controls
        change = controls.pause if command == "pause" else controls.resume
        change(what, platform)

    def _set_ban(self, command: str, person: str) -> None:
        users = self._services.users
        change = users.ban if command == "ban" else users.unban
        platform, name = read_person(person, PLATFORM)
        for each in names_of_people(platform):
            change(each, name)


def _is_switch(what: str, where: list[str]) -> bool:
    names = platform_names()
    return what in PAUSABLE and len(where) <= 1 and all(name in names for name in where)


def _names_person(word: str) -> bool:
    """Return whether a ban would mean somebody: one of `@name` would be said to be done and do nothing."""
    try:
        read_person(word, PLATFORM)
    except UnknownPerson:
        return False
    return True


class Stats:
    """The text of `/stats`: figures of the whole bot."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def text(self) -> str:
        """Return one line per figure."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        stats = read_stats(self._services)
        yield f"overload level: {stats.overload_level}"
        editions = {each.edition for each in self._services.routing.workers().values()}
        yield f"engine: {', '.join(sorted(editions)) or '-'}"
        for what, until in sorted(stats.paused.items()):
            yield f"paused: {what}" + (f" until {until:.0f}" if until else "")
        for name, until in sorted(self._services.holds.active(PLATFORM).items()):
            yield f"held back by Telegram: {name} until {until:.0f}"
        for name, count in sorted(stats.counts.items()):
            yield f"{name}: {count}"


_MOST = 20

_CACHE_S = 5


class InlineMode:
    """Answers inline queries with pictures that Telegram already has."""

    def __init__(self, sender: Sender, ledger: Ledger, paintings: Paintings, chats: Chats) -> None:
        self._sender = sender
        self._ledger = ledger
        self._paintings = paintings
        self._chats = chats

    async def answer(self, query: InlineQueryEvent) -> None:
        """Offer the person's paintings, newest first, or a way to get the first one."""
        files = await asyncio.to_thread(self._files, query.person)
        language = await asyncio.to_thread(self._chats.language, Origin(0, 0, query.person))
        results = [InlineQueryResultCachedPhoto(key, file_id) for key, file_id in files]
        button = InlineQueryResultsButton(
            t(language, "telegram-inline-start"), start_parameter="inline"
        )
        try:
            await self._sender.bot.answer_inline_query(
                query.query,
                results,
                cache_time=_CACHE_S,
                is_personal=True,
                button=None if results else button,
            )
        except TelegramError as error:
            _log.info("inline_query_not_answered", error=error.message)

    def _files(self, person: str) -> list[tuple[str, str]]:
        files = []
        for job_id in self._ledger.past_jobs(PLATFORM, person, _MOST):
            job = self._paintings.job(job_id)
            for n, file_id in enumerate(job.platform_data.get("files", "").split() if job else ()):
                files.append((f"{job_id}-{n}", file_id))
        return files[:_MOST]
