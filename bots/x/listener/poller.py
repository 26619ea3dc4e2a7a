"""The listener process of X: polls mentions and messages, more rarely while none arrive."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import structlog

from bots.outage import Outage
from bots.plugins import Adapter
from bots.x.budget import BudgetSpent
from bots.x.client import XClient
from bots.x.errors import (
    XCreditsSpent,
    XError,
    XForbidden,
    XRateLimited,
    XUnauthorised,
    XUnknownOutcome,
    XUnreachable,
)
from bots.x.listener.cursors import MentionCursor, MessageCursor
from bots.x.listener.direct_messages import DirectMessages
from bots.x.listener.mentions import Mentions
from bots.x.settings import XSettings, configured
from bots.x.store import ReadingState, clear_notice, notify_operator
from tasks.errors import StoreError
from tasks.services import Services

RATE_WINDOW_S = 900.0

_OPERATOR_S = 300.0
"""Seconds between retries of a problem that only the operator can fix."""

_FIRST_RETRY_S = 5.0
_LONGEST_RETRY_S = 300.0

BLIND_AFTER = 3
"""Failures in a row after which `suisai doctor` reports that reading fails."""

_log = structlog.get_logger()

Look = Callable[[], float]
"""Polls once and returns the seconds until the next poll. Raises `XError`."""


@dataclass(slots=True)
class Poll:
    """One list that is read again and again."""

    name: str
    look: Look
    due: float = 0.0
    """By the monotonic clock."""
    outage: Outage = field(default_factory=lambda: Outage("poll", _FIRST_RETRY_S, _LONGEST_RETRY_S))


class Listener:
    """Polls mentions and messages alternately, and pauses as long as X and the budget require."""

    def __init__(self, services: Services, x: XClient) -> None:
        self._services = services
        self._x = x
        self._store = services.kv("x")
        self._mentions_intake = Mentions(services, x)
        self._messages_intake = DirectMessages(services, x)
        self._mentions = MentionCursor(x, self._store, services.ledger.now, x.settings.look_back_s)
        self._messages = MessageCursor(x, self._store, x.settings.look_back_s)
        self._rest_s = x.settings.poll_fastest_s

    def polls(self) -> list[Poll]:
        """Return what is polled."""
        found = [Poll("mentions", self.look_at_mentions)]
        if self._x.settings.direct_messages:
            found.append(Poll("messages", self.look_at_messages))
        return found

    def look_at_mentions(self) -> float:
        """Handle new mentions once. Raises `XError`; then the cursor has not moved."""
        settings = self._x.settings
        if self._intake_paused("x"):
            return settings.poll_slowest_s
        count = self._mentions.advance(self._mentions_intake.take)
        if settings.webhooks:
            return settings.reconcile_s
        # An empty look costs nothing but one of 300 calls in 15 minutes; rarer ones save those.
        quieter_s = min(settings.poll_slowest_s, self._rest_s * 1.25)
        self._rest_s = settings.poll_fastest_s if count else quieter_s
        return self._rest_s

    def look_at_messages(self) -> float:
        """Handle new direct messages once. Raises `XError`; then the cursor has not moved."""
        settings = self._x.settings
        if self._intake_paused("x-dm"):
            return settings.messages_poll_s
        calls = self._messages.advance(self._messages_intake.take)
        return settings.reconcile_s if settings.webhooks else settings.messages_poll_s * calls

    def run(self, stop: threading.Event) -> None:
        """Poll until `stop` is set."""
        polls = self.polls()
        while not stop.is_set():
            for each in polls:
                if each.due <= time.monotonic() and not stop.is_set():
                    each.due = time.monotonic() + self.rest_after_look(each)
            stop.wait(max(0.0, min(each.due for each in polls) - time.monotonic()))

    def rest_after_look(self, each: Poll) -> float:
        """Poll once, log and store any error, and return the seconds until the next poll."""
        try:
            rest_s = each.look()
        except XError as error:
            return self._rest_after(each, error)
        except StoreError as error:
            return each.outage.failed("store", str(error), list=each.name)
        except Exception as error:
            _log.exception("poll_broken", list=each.name, action="retry")
            return self._rest_after(
                each, XError(f"the bot failed: {type(error).__name__}: {error}")
            )
        each.outage.over(list=each.name)
        self._note(each, None)
        clear_notice(self._store)
        return rest_s

    def _rest_after(self, each: Poll, error: XError) -> float:
        # No connection, no answer and an answer of 5xx take turns in one outage.
        silent = isinstance(error, XUnreachable | XUnknownOutcome)
        kind = "unreachable" if silent else type(error).__name__
        failed = partial(each.outage.failed, kind, error.detail, list=each.name)
        if isinstance(error, BudgetSpent):
            # Asking the budget costs nothing, and an answer may leave more of it than was reckoned.
            return failed(min(max(1.0, error.until - time.time()), RATE_WINDOW_S))
        state = self._note(each, error)
        needs_operator = isinstance(error, XUnauthorised | XCreditsSpent | XForbidden)
        if needs_operator or state.failures >= BLIND_AFTER:
            notify_operator(self._store, f"reading {each.name}: {error.detail}")
        if isinstance(error, XRateLimited) and (error.reset or 0.0) > time.time():
            return failed(min((error.reset or 0.0) - time.time() + 1.0, RATE_WINDOW_S))
        return failed(_OPERATOR_S if needs_operator else None)

    def _note(self, each: Poll, error: XError | None) -> ReadingState:
        """Store the reading state of this list."""
        state = ReadingState.load(self._store, each.name)
        if error is None:
            state = ReadingState(succeeded_at=self._services.ledger.now())
        else:
            state.failures += 1
            state.detail = error.detail
        state.save(self._store, each.name)
        return state

    def _intake_paused(self, platform: str) -> bool:
        """Return whether intake is paused: unread posts cost nothing while they stay at X."""
        return not {"intake", f"intake:{platform}"}.isdisjoint(self._services.controls.paused())


def run(services: Services, stop: threading.Event) -> None:
    """Listen to X until `stop` is set; this is the process behind `suisai x`."""
    Listener(services, XClient.open(services)).run(stop)


def wanted() -> bool:
    """Return whether `suisai up` should listen to X."""
    return configured(XSettings())


ADAPTER = Adapter(run, wanted)
