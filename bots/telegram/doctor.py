"""The checks of `suisai doctor` for Telegram: the token, groups, the webhook, flood limits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Set
from datetime import datetime

from telegram import User, WebhookInfo
from telegram.error import Forbidden, InvalidToken, NetworkError, TelegramError

from bots.findings import Finding, failure, passed, warning
from bots.telegram.client import HEARD, open_bot
from bots.telegram.errors import is_outage
from bots.telegram.settings import PLATFORM, TelegramSettings, configured
from tasks.services import Services

_SETUP = "suisai setup telegram"

_RECENT_S = 900.0


_NETWORK = "check network, DNS and firewall of this machine, then `suisai doctor` again"


def check(services: Services | None) -> Iterator[Finding]:
    """Implement `bots.findings.Checks`: ask Telegram for the bot's account and its webhook."""
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
        refused = isinstance(error, Forbidden)
        says = f"Telegram refuses the bot: {error.message}" if refused else unreachable(error)
        yield failure("Telegram", says, _SETUP if refused else _NETWORK)
        return
    yield passed("Telegram", f"the bot is {account_name(me)}")
    yield _groups(me)
    kinds = {process.kind for process in services.heartbeats.alive()} if services else set()
    yield _webhook(settings, hook, kinds)
    if services:
        yield from _held_back(services)
    if kinds and "telegram" not in kinds:
        yield warning("Telegram listener", "none running", "suisai telegram")


async def _ask(settings: TelegramSettings) -> tuple[User, WebhookInfo]:
    bot = open_bot(settings)
    async with bot:
        return await bot.get_me(), await bot.get_webhook_info()


def unreachable(error: TelegramError) -> str:
    """Return why Telegram could not be asked, in one sentence. It does not mean a bad token."""
    if is_outage(error):
        return f"Telegram cannot answer just now: {error.message}"
    if isinstance(error, NetworkError):
        return f"Telegram cannot be reached from this machine: {error.message}"
    return f"Telegram could not be asked: {error.message}"


def account_name(me: User) -> str:
    """Return the bot's @username, or its name if the server does not tell the username."""
    return f"@{me.username}" if me.username else f"'{me.first_name}' (id {me.id})"


def _groups(me: User) -> Finding:
    if me.can_join_groups is False:
        return warning(
            "Telegram groups", "the bot may not join any", "/setjoingroups at @BotFather"
        )
    if me.can_read_all_group_messages:
        return passed("Telegram groups", "the bot hears everything that is said there")
    return passed("Telegram groups", "the bot hears mentions, replies and commands there")


def _webhook(settings: TelegramSettings, hook: WebhookInfo, kinds: Set[str]) -> Finding:
    if settings.webhook_url is None:
        if hook.url:
            return warning(
                "Telegram updates",
                f"Telegram calls {hook.url}, and the bot is set to poll{_last_error(hook)}",
                "`suisai up` takes the webhook away, or set SUISAI_TELEGRAM_WEBHOOK_URL",
            )
        return passed("Telegram updates", "by long polling; nothing must be reachable from outside")
    if not kinds:
        return passed("Telegram updates", "by webhook, which `suisai up` registers")
    if hook.url != settings.webhook_url:
        known = f"calls {hook.url}" if hook.url else "knows no webhook"
        return failure(
            "Telegram updates",
            f"Telegram {known} instead of SUISAI_TELEGRAM_WEBHOOK_URL",
            "suisai up",
        )
    if "web" not in kinds:
        return failure(
            "Telegram updates", "no web process is there to take the webhook", "suisai web"
        )
    waiting = f"{hook.pending_update_count} updates waiting"
    if hook.last_error_message and _is_recent(hook.last_error_date):
        return failure(
            "Telegram updates",
            f"Telegram cannot reach the webhook{_last_error(hook)}; {waiting}",
            "see docs/telegram.md; the address must be HTTPS and lead to the web process",
        )
    missing = set(HEARD) - set(hook.allowed_updates or HEARD)
    if missing:
        return warning(
            "Telegram updates", f"Telegram does not send {', '.join(sorted(missing))}", "suisai up"
        )
    return passed("Telegram updates", f"by webhook, {waiting}{_last_error(hook)}")


def _last_error(hook: WebhookInfo) -> str:
    if not hook.last_error_message:
        return ""
    when = f" at {hook.last_error_date:%Y-%m-%d %H:%M} UTC" if hook.last_error_date else ""
    return f"; its last error{when}: {hook.last_error_message}"


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


def _is_recent(trouble: datetime | None) -> bool:
    # Telegram keeps the last error for ever, even if all later calls succeeded.
    return trouble is None or time.time() - trouble.timestamp() < _RECENT_S
