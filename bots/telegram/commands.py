"""Commands that people send: `/style watercolor`, `/status`, `/forget`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from telegram import InlineKeyboardMarkup
from telegram.error import TelegramError

from bots.phrases import languages, say, standing
from bots.telegram.asking import PLATFORM
from bots.telegram.buttons import of_forgetting, of_languages, of_styles, title
from bots.telegram.chats import Chats, GroupRules
from bots.telegram.heard import Heard
from bots.telegram.origin import Origin, Place
from bots.telegram.speaker import Speaker
from pipeline.styles import Style, find_style
from tasks.ledger import Ledger

Command = Callable[[Heard, str], Awaitable[None]]

_COOLDOWN_MAX_S = 86_400


class Commands:
    """Everything that a person can ask for without a photo."""

    def __init__(
        self, speaker: Speaker, ledger: Ledger, chats: Chats, styles: Mapping[str, Style]
    ) -> None:
        self._speaker = speaker
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

    async def obey(self, heard: Heard) -> bool:
        """Do what a command says; False when there is no such command."""
        command = self._known.get(heard.command)
        if command is None:
            return False
        await command(heard, await self.language(heard.origin))
        return True

    async def language(self, origin: Origin) -> str:
        """Return the language to speak."""
        return await asyncio.to_thread(self._chats.spoken, origin)

    async def hint(self, heard: Heard) -> None:
        """Say in one line what to do."""
        await self._say(heard, say(await self.language(heard.origin), "telegram-hint"))

    async def cancel_all(self, heard: Heard) -> None:
        """Cancel everything that a person waits for."""
        await self._cancel(heard, await self.language(heard.origin))

    async def _start(self, heard: Heard, language: str) -> None:
        await self._say(heard, say(language, "telegram-start"), of_styles(self._styles, language))

    async def _help(self, heard: Heard, language: str) -> None:
        await self._say(heard, say(language, "telegram-help"))

    async def _privacy(self, heard: Heard, language: str) -> None:
        await self._say(heard, say(language, "telegram-privacy"))

    async def _list_styles(self, heard: Heard, language: str) -> None:
        lines = [
            f"{title(each, language)} ({each.name})\n{each.about.get(language, each.about['en'])}"
            for each in self._styles.values()
        ]
        await self._say(heard, "\n\n".join(lines), of_styles(self._styles, language))

    async def _style(self, heard: Heard, language: str) -> None:
        style = find_style(heard.words, self._styles) if heard.words else None
        if style is None:
            key = "telegram-style-unknown" if heard.words else "telegram-style-which"
            await self._say(heard, say(language, key), of_styles(self._styles, language))
        elif heard.origin.place is Place.GROUP:
            await self._group_style(heard, style, language)
        else:
            await asyncio.to_thread(self._chats.choose_style, heard.origin.person, style.name)
            await self._say(
                heard, say(language, "telegram-style-set", style=title(style, language))
            )

    async def _group_style(self, heard: Heard, style: Style, language: str) -> None:
        if await self._rules(heard, language, lambda now: replace(now, style=style.name)):
            words = say(language, "telegram-group-style-set", style=title(style, language))
            await self._say(heard, words)

    async def _cooldown(self, heard: Heard, language: str) -> None:
        seconds = heard.words.removesuffix("s").strip()
        if not (seconds.isascii() and seconds.isdigit()) or int(seconds) > _COOLDOWN_MAX_S:
            await self._say(heard, say(language, "telegram-cooldown-how"))
        elif await self._rules(
            heard, language, lambda now: replace(now, cooldown_s=float(seconds))
        ):
            await self._say(heard, say(language, "telegram-cooldown-set", wait_s=int(seconds)))

    async def _others(self, heard: Heard, language: str) -> None:
        choice = {"on": True, "off": False}.get(heard.words.casefold())
        if choice is None:
            await self._say(heard, say(language, "telegram-others-how"))
        elif await self._rules(heard, language, lambda now: replace(now, others=choice)):
            await self._say(heard, say(language, "telegram-others-" + ("on" if choice else "off")))

    async def _rules(
        self, heard: Heard, language: str, change: Callable[[GroupRules], GroupRules]
    ) -> bool:
        if heard.origin.place is not Place.GROUP:
            await self._say(heard, say(language, "telegram-groups-only"))
            return False
        if not await self._is_admin(heard.origin):
            await self._say(heard, say(language, "telegram-admins-only"))
            return False
        chat = await self._speaker.chat_of(heard.origin)
        await asyncio.to_thread(self._chats.change_rules, chat, change)
        return True

    async def _is_admin(self, origin: Origin) -> bool:
        if origin.person == str(origin.chat):
            return True  # an anonymous admin speaks as the group
        try:
            member = await self._speaker.bot.get_chat_member(origin.chat, int(origin.person))
        except TelegramError:
            return False
        return member.status in (member.ADMINISTRATOR, member.OWNER)

    async def _status(self, heard: Heard, language: str) -> None:
        lines = await asyncio.to_thread(self._standings, heard.origin.person, language)
        await self._say(heard, "\n".join(lines) or say(language, "telegram-status-none"))

    def _standings(self, person: str, language: str) -> list[str]:
        found = map(self._ledger.find_standing, self._ledger.open_jobs(PLATFORM, person))
        return [standing(language, each) for each in found if each is not None]

    async def _cancel(self, heard: Heard, language: str) -> None:
        count = await asyncio.to_thread(self._cancelled, heard.origin.person)
        key = "telegram-cancelled-all" if count else "telegram-cancel-none"
        await self._say(heard, say(language, key, count=count))

    def _cancelled(self, person: str) -> int:
        jobs = self._ledger.open_jobs(PLATFORM, person)
        return sum(self._ledger.cancel(job_id, person) for job_id in jobs)

    async def _forget(self, heard: Heard, language: str) -> None:
        await self._say(heard, say(language, "telegram-forget"), of_forgetting(language))

    async def _language(self, heard: Heard, language: str) -> None:
        code = heard.words.casefold()
        if code not in languages():
            await self._say(heard, say(language, "telegram-language"), of_languages())
            return
        await asyncio.to_thread(self._chats.choose_language, heard.origin.person, code)
        await self._say(heard, say(code, "telegram-language-set"))

    async def _say(
        self, heard: Heard, words: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        await self._speaker.reply(heard.origin, words, keyboard)
