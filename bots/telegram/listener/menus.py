"""What Telegram shows around the chat: the command menus and the profile's texts, per language."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import structlog
from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)
from telegram.error import TelegramError

from bots.i18n import languages, t
from bots.telegram.client import home
from tasks.kv import KeyValueStore

_log = structlog.get_logger()

Call = Callable[[], Awaitable[bool]]

_GROUP = ("style", "styles", "again", "status", "cancel", "help")

_MENUS: tuple[tuple[BotCommandScope, tuple[str, ...]], ...] = (
    (
        BotCommandScopeAllPrivateChats(),
        (*_GROUP[:3], "me", *_GROUP[3:5], "language", "privacy", "forget", "help"),
    ),
    (BotCommandScopeAllGroupChats(), _GROUP),
    (BotCommandScopeAllChatAdministrators(), (*_GROUP, "cooldown", "others")),
)

_GAP_S = 0.2


async def show_menus(bot: Bot, notebook: KeyValueStore) -> None:
    """Set menus and texts in every language, unless they stand already.

    What a server refuses or does not know stays unset.
    """
    key, digest = f"menus:{home(bot)}", hashlib.sha256(_everything().encode()).hexdigest()
    if await asyncio.to_thread(notebook.get, key) == digest:
        return
    for what, call in _calls(bot):
        try:
            await call()
        except TelegramError as error:
            _log.info("a menu or profile text was not set", what=what, error=error.message)
        await asyncio.sleep(_GAP_S)
    await asyncio.to_thread(notebook.put, key, digest)


def _calls(bot: Bot) -> Iterator[tuple[str, Call]]:
    for language in languages():
        # Without a code a text is for everybody whose language the bot does not speak.
        code = None if language == "en" else language
        for scope, names in _MENUS:
            commands = [BotCommand(name, _about(language, name)) for name in names]
            yield (
                "commands",
                partial(bot.set_my_commands, commands, scope=scope, language_code=code),
            )
        long, short = _profile(language)
        yield "description", partial(bot.set_my_description, long, language_code=code)
        yield "short description", partial(bot.set_my_short_description, short, language_code=code)


def _everything() -> str:
    lines = []
    for language in languages():
        lines += [f"{name} {_about(language, name)}" for _, names in _MENUS for name in names]
        lines += _profile(language)
    return "\n".join(lines)


def _about(language: str, command: str) -> str:
    return t(language, f"telegram-command-{command}")


def _profile(language: str) -> tuple[str, str]:
    return t(language, "telegram-description"), t(language, "telegram-short-description")
