"""What `suisai doctor` checks of X: keys, account, scopes, budget, prices, reading, webhooks, messages."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from bots.findings import Finding, failure, passed, warning
from bots.x.budget import MICRO, BudgetSpent
from bots.x.client import XClient
from bots.x.errors import XError, XServerError, XUnknownOutcome, XUnreachable
from bots.x.listener.cursors import unread_since
from bots.x.listener.poller import BLIND_AFTER
from bots.x.login import in_words, missing_scopes
from bots.x.session import XSession
from bots.x.settings import XSettings, configured
from bots.x.store import ReadingState, notice
from bots.x.webhook_admin import NotDelivered, WebhookAdmin
from tasks.services import Services

_ENCRYPTED = (
    "only unencrypted direct messages reach the bot; X moves people to encrypted chats (XChat), which its "
    "API does not show: those who write there get no answer"
)


_NETWORK = "check network, DNS and firewall of this machine, then `suisai doctor` again"


def check(services: Services | None) -> Iterator[Finding]:
    """Look at everything that X needs; asks X once, for the account."""
    settings = XSettings()
    if not configured(settings):
        yield passed("X", "not set up; `suisai setup x`, if you want it")
        return
    if services is None:
        yield _network(settings)
        yield warning("X account", "its tokens are in the ledger, which is away", "suisai doctor")
        return
    x, store = XClient.open(services, settings), services.kv("x")
    if not settings.has_oauth1 and x.tokens.known() is None:
        yield _network(settings)
        yield failure("X", "the bot's account is not connected", "suisai x login")
        return
    yield _account(x)
    yield _scopes(x)
    yield _budget(x)
    yield _mention_price(x)
    yield from _reading(settings, services)
    if settings.direct_messages:
        yield passed("X messages", _ENCRYPTED)
    if settings.webhooks:
        yield _webhooks(x)
    yield from _listening(settings, services)
    if trouble := notice(store):
        yield warning("X", trouble, "see docs/x.md, 'When something is wrong'")


def _account(x: XClient) -> Finding:
    try:
        account = x.renewed_me()
    except BudgetSpent as error:
        return warning("X", f"{error.detail}, so X was not asked", "raise it, or wait")
    except (XUnreachable, XUnknownOutcome) as error:
        return failure("X", in_words(error), _NETWORK)
    except XError as error:
        return failure("X", in_words(error), "suisai x login")
    return passed("X", f"the bot is @{account.username} ({account.id})")


def _network(settings: XSettings) -> Finding:
    """Check whether X can be reached without the account; what it answers does not matter."""
    session = XSession(settings.api_url, settings.timeout_s)
    try:
        session.get(settings.api_url)
    except (XUnreachable, XUnknownOutcome) as error:
        if not isinstance(error, XServerError) and "without JSON" not in error.detail:
            return failure("X network", in_words(error), _NETWORK)
    except XError:
        pass
    return passed("X network", f"{urlsplit(settings.api_url).hostname} answers")


def _scopes(x: XClient) -> Finding:
    tokens = x.tokens.known()
    if tokens is None:
        return passed("X scopes", "calls are signed with OAuth1 keys")
    if missing := missing_scopes(tokens.scopes):
        return failure("X scopes", f"missing: {' '.join(missing)}", "suisai x login")
    return passed("X scopes", "all that are needed")


def _webhooks(x: XClient) -> Finding:
    if x.settings.app_bearer is None:
        return passed("X webhooks", "on; with SUISAI_X_APP_BEARER they would be looked at here")
    try:
        hooks = WebhookAdmin(x).hooks()
    except NotDelivered as why:
        return warning("X webhooks", str(why), "suisai x webhook")
    reached = [hook.url for hook in hooks if hook.valid and hook.events]
    if reached:
        return passed("X webhooks", f"X delivers to {', '.join(reached)}")
    slowly = f"X delivers nothing; mentions wait up to {x.settings.reconcile_s / 60:.0f} minutes"
    return warning("X webhooks", slowly, "suisai x webhook https://your.host")


def _budget(x: XClient) -> Finding:
    spending, least = x.budget.spending(), x.least_budget() / MICRO
    limits = [limit for limit in (spending.daily_limit_usd, spending.monthly_limit_usd) if limit]
    if limits and min(limits) < least:
        says = (
            f"${min(limits):.2f} pays for no request: reading and answering one takes ${least:.3f}"
        )
        return failure("X budget", says, "raise SUISAI_X_DAILY_BUDGET_USD")
    day, month = spending.daily_limit_usd, spending.monthly_limit_usd
    spent = (
        f"${spending.today_usd:.2f} of {_limit(day)} today, "
        f"${spending.month_usd:.2f} of {_limit(month)} this month"
    )
    ok = (not day or spending.today_usd < day) and (not month or spending.month_usd < month)
    fix = "raise SUISAI_X_DAILY_BUDGET_USD or SUISAI_X_MONTHLY_BUDGET_USD, or wait"
    return passed("X budget", spent) if ok else warning("X budget", spent, fix)


def _listening(settings: XSettings, services: Services) -> Iterator[Finding]:
    kinds = {process.kind for process in services.heartbeats.alive()}
    if not kinds:
        return
    if "x" not in kinds:
        yield warning("X listener", "none running", "suisai x")
    if not settings.webhooks:
        return
    if settings.consumer_secret is None:
        says = "SUISAI_X_WEBHOOKS needs SUISAI_X_CONSUMER_SECRET, by which X signs"
        yield failure("X webhook", says, "set SUISAI_X_CONSUMER_SECRET")
    elif "web" not in kinds:
        says = "no web process is there to take it; polling finds what it misses"
        yield warning("X webhook", says, "suisai web")


def _mention_price(x: XClient) -> Finding:
    usd = x.budget.price("mention") / MICRO
    if x.settings.owns_app:
        return passed("X prices", f"a mention costs ${usd:.3f}: the bot's account owns the app")
    says = (
        f"a mention costs ${usd:.3f}; where the bot's account owns the app in X's Developer Console it is "
        "cheaper: then set SUISAI_X_OWNS_APP=true"
    )
    return passed("X prices", says)


def _reading(settings: XSettings, services: Services) -> Iterator[Finding]:
    """Return whether the bot reads what people write, and how far behind it is."""
    store = services.kv("x")
    for name in ("mentions", "messages") if settings.direct_messages else ("mentions",):
        state = ReadingState.load(store, name)
        if state.failures >= BLIND_AFTER:
            says = f"{state.failures} polls in a row failed; X says: {state.detail}"
            yield failure(f"X {name}", says, "see docs/x.md, 'When something is wrong'")
    if since := unread_since(store):
        behind_min = max(0.0, services.ledger.now() - since) / 60
        says = f"reading is {behind_min:.0f} minutes behind; requests are answered oldest first"
        fix = "raise SUISAI_X_DAILY_BUDGET_USD if you want more of them answered per day"
        yield warning("X mentions", says, fix)


def _limit(usd: float) -> str:
    return f"${usd:.2f}" if usd else "no limit"
