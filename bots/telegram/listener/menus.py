"""What Telegram shows around the chat: the command menus and the profile's texts, per language."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
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
from telegram.error import RetryAfter, TelegramError

from bots.i18n import languages, t
from bots.telegram.client import home
from bots.telegram.errors import is_refusal, retry_after_s
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
_PAUSES_S = (5.0, 30.0, 120.0, 600.0)


async def show_menus(
    bot: Bot,
    notebook: KeyValueStore,
    pauses_s: Sequence[float] = _PAUSES_S,
    gap_s: float = _GAP_S,
) -> None:
    """Set menus and texts in every language, unless that is done; try again until it is.

    What a server refuses or does not know stays unset.
    """
    key, digest = f"menus:{home(bot)}", hashlib.sha256(_everything().encode()).hexdigest()
    if await asyncio.to_thread(notebook.get, key) == digest:
        return
    todo, tries = list(_calls(bot)), 0
    while todo:
        todo, wait_s = await _set(todo, gap_s)
        if todo:
            pause_s = pauses_s[min(tries, len(pauses_s) - 1)]
            await asyncio.sleep(max(pause_s, wait_s))
            tries += 1
    await asyncio.to_thread(notebook.put, key, digest)


async def _set(
    calls: Sequence[tuple[str, Call]], gap_s: float
) -> tuple[list[tuple[str, Call]], float]:
    """Make the calls; return those to make again, and how long Telegram wants to be left alone."""
    failed, wait_s = [], 0.0
    for what, call in calls:
        try:
            await call()
        except RetryAfter as error:
            failed.append((what, call))
            wait_s = max(wait_s, retry_after_s(error))
        except TelegramError as error:
            _log.info("menu_not_set", what=what, error=error.message, final=is_refusal(error))
            if not is_refusal(error):
                failed.append((what, call))
        await asyncio.sleep(gap_s)
    return failed, wait_s


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
