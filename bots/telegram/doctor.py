"""What `suisai doctor` finds out about Telegram: the token, the groups, the webhook."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime

from telegram import User, WebhookInfo
from telegram.error import InvalidToken, TelegramError

from bots.doctor.report import Finding, failure, passed, warning
from bots.telegram.client import open_bot
from bots.telegram.settings import PLATFORM, TelegramSettings, configured
from tasks.services import Services

_SETUP = "suisai setup telegram"

_RECENT_S = 900.0


def check(services: Services) -> Iterator[Finding]:
    """Follow `bots.doctor.report.Checks`: ask Telegram once who we are and where updates go."""
    settings = TelegramSettings()
    if not configured(settings):
        yield passed("Telegram", "not set up; `suisai setup telegram`, if you want it")
        return
    try:
        me, hook = asyncio.run(_ask(settings))
    except InvalidToken:
        yield failure("Telegram", "Telegram does not know the token", _SETUP)
        return
    except TelegramError as error:
        yield failure("Telegram", f"Telegram could not be asked: {error.message}", "suisai doctor")
        return
    yield passed("Telegram", f"the bot is @{me.username}")
    yield _groups(me)
    yield _webhook(settings, hook, services)
    yield from _held_back(services)
    yield from _listening(services)


async def _ask(settings: TelegramSettings) -> tuple[User, WebhookInfo]:
    bot = open_bot(settings)
    async with bot:
        return await bot.get_me(), await bot.get_webhook_info()


def _groups(me: User) -> Finding:
    if me.can_join_groups is False:
        return warning(
            "Telegram groups", "the bot may not join any", "/setjoingroups at @BotFather"
        )
    if me.can_read_all_group_messages:
        return passed("Telegram groups", "the bot hears everything that is said there")
    return passed("Telegram groups", "the bot hears mentions, replies and commands there")


def _webhook(settings: TelegramSettings, hook: WebhookInfo, services: Services) -> Finding:
    if settings.webhook_url is None:
        if hook.url:
            return warning(
                "Telegram updates", "a webhook is set, but the bot would poll", "suisai telegram"
            )
        return passed("Telegram updates", "by long polling; nothing must be reachable from outside")
    if hook.url != settings.webhook_url:
        return warning(
            "Telegram updates",
            "Telegram does not know SUISAI_TELEGRAM_WEBHOOK_URL yet",
            "suisai up",
        )
    if not any(process.kind == "web" for process in services.heartbeats.alive()):
        return failure(
            "Telegram updates", "no web process is there to take the webhook", "suisai web"
        )
    if hook.last_error_message and _is_recent(hook.last_error_date, services):
        return failure(
            "Telegram updates",
            f"Telegram cannot reach the webhook: {hook.last_error_message}",
            "see docs/telegram.md; the address must be HTTPS and lead to the web process",
        )
    return passed("Telegram updates", f"by webhook, {hook.pending_update_count} waiting")


def _held_back(services: Services) -> Iterator[Finding]:
    held = services.holds.active(PLATFORM)
    if not held:
        return
    name, until = max(held.items(), key=lambda each: each[1])
    others = f" and {len(held) - 1} more" if len(held) > 1 else ""
    yield warning(
        "Telegram flood limits",
        f"Telegram refuses {name} until {datetime.fromtimestamp(until):%a %H:%M}{others}; "
        "the rest goes on",
        "wait, or `suisai resume deliver --platform telegram` to try at once",
    )


def _is_recent(trouble: datetime | None, services: Services) -> bool:
    # Telegram keeps the last error for good, also when all that came after it arrived.
    return trouble is None or services.ledger.now() - trouble.timestamp() < _RECENT_S


def _listening(services: Services) -> Iterator[Finding]:
    if not any(process.kind == "telegram" for process in services.heartbeats.alive()):
        yield warning("Telegram listener", "none running", "suisai telegram")
