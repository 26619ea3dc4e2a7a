"""Commands for those who run the bot: /stats, /pause, /resume, /ban, /unban."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

from bots.phrases import say
from bots.telegram.asking import PLATFORM
from bots.telegram.heard import Heard
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from tasks.records import text
from tasks.services import Services
from tasks.switches import PAUSABLE

COMMANDS = ("stats", "pause", "resume", "ban", "unban")


class Operators:
    """Obeys the accounts in the settings, in private; to all others these commands do not exist."""

    def __init__(self, speaker: Speaker, services: Services, settings: TelegramSettings) -> None:
        self._speaker = speaker
        self._services = services
        self._admins = frozenset(map(str, settings.admins))

    async def obey(self, heard: Heard, language: str) -> bool:
        """Do what an operator says; False when this is no operator or no such command."""
        origin = heard.origin
        if heard.command not in COMMANDS or not origin.private or origin.person not in self._admins:
            return False
        words = await asyncio.to_thread(self._done, heard.command, heard.words.split(), language)
        await self._speaker.reply(origin, words)
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
                return say(language, "telegram-operator-how", stages=" | ".join(PAUSABLE))
        return say(language, "telegram-operator-done")

    def _switch(self, command: str, what: str, platform: str | None = None) -> None:
        switches = self._services.switches
        if command == "pause":
            switches.pause(what, platform)
        else:
            switches.resume(what, platform)

    def _judge(self, command: str, person: str) -> None:
        platform, _, name = person.rpartition(":")
        people = self._services.people
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
        switches = self._services.switches
        yield f"ladder: {switches.ladder()}"
        yield f"engine: {switches.engine() or '-'}"
        for what, until in sorted(switches.paused().items()):
            yield f"paused: {what}" + (f" until {until:.0f}" if until else "")
        namespace = self._services.settings.namespace
        counts: Mapping[Any, Any] = self._services.redis.hgetall(f"{namespace}:counts")
        for name in sorted(counts):
            yield f"{text(name)}: {int(counts[name])}"
