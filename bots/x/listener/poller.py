"""The listening process of X: looks for mentions and messages, no oftener than it pays to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bots.plugins import Adapter
from bots.x.budget import BudgetSpent
from bots.x.client import XClient
from bots.x.errors import XCreditsSpent, XFault, XForbidden, XPaused, XUnauthorised
from bots.x.listener.cursors import MentionCursor, MessageCursor
from bots.x.listener.direct_messages import DirectMessages
from bots.x.listener.mentions import Mentions
from bots.x.settings import XSettings, configured
from bots.x.store import clear, notify
from tasks.errors import StoreError
from tasks.services import Services

RATE_WINDOW_S = 900.0

_OPERATOR_S = 300.0
"""How often it is tried whether the operator has mended something."""

_TROUBLE_FIRST_S = 5.0

_TROUBLE_LAST_S = 300.0

_log = structlog.get_logger()

Look = Callable[[], float]
"""Looks once and returns the seconds until the next look; raises `XFault`."""


@dataclass(slots=True)
class Round:
    """One thing that is looked at again and again."""

    name: str
    look: Look
    due: float = 0.0
    """By the monotonic clock."""
    trouble_s: float = 0.0
    """The pause after the last failure, 0 after a success."""


class Listener:
    """Looks at mentions and messages in turn, and rests as long as X and the budget ask for."""

    def __init__(self, services: Services, x: XClient) -> None:
        self._services = services
        self._x = x
        self._notebook = services.kv("x")
        self._inbox = Mentions(services, x)
        self._letters = DirectMessages(services, x)
        self._mentions = MentionCursor(x, self._notebook, services.ledger.now)
        self._messages = MessageCursor(x, self._notebook)
        self._rest_s = x.settings.poll_fastest_s

    def rounds(self) -> list[Round]:
        """Return what there is to look at."""
        found = [Round("mentions", self.look_at_mentions)]
        if self._x.settings.direct_messages:
            found.append(Round("messages", self.look_at_messages))
        return found

    def look_at_mentions(self) -> float:
        """Deal with new mentions once. Raises `XFault`, having moved nothing."""
        settings = self._x.settings
        if self._intake_paused("x"):
            return settings.poll_slowest_s
        count = self._mentions.advance(self._inbox.take)
        if settings.webhooks:
            return settings.reconcile_s
        # An empty look costs nothing but one of 300 calls in 15 minutes; rarer ones save those.
        quieter_s = min(settings.poll_slowest_s, self._rest_s * 1.25)
        self._rest_s = settings.poll_fastest_s if count else quieter_s
        return self._rest_s

    def look_at_messages(self) -> float:
        """Deal with new direct messages once. Raises `XFault`, having moved nothing."""
        settings = self._x.settings
        if self._intake_paused("x-dm"):
            return settings.messages_poll_s
        calls = self._messages.advance(self._letters.take)
        return settings.reconcile_s if settings.webhooks else settings.messages_poll_s * calls

    def run(self, stop: threading.Event) -> None:
        """Look until `stop` is set."""
        rounds = self.rounds()
        while not stop.is_set():
            for each in rounds:
                if each.due <= time.monotonic() and not stop.is_set():
                    each.due = time.monotonic() + self.rest_after_look(each)
            stop.wait(max(0.0, min(each.due for each in rounds) - time.monotonic()))

    def rest_after_look(self, each: Round) -> float:
        """Look once, whatever comes of it, and return how long to rest."""
        try:
            rest_s = each.look()
        except XFault as fault:
            return self._rest_after(each, fault)
        except StoreError as error:
            _log.warning(
                "the ledger does not answer, looking again later",
                looking_at=each.name,
                error=str(error),
            )
            return self._longer(each)
        each.trouble_s = 0.0
        clear(self._notebook)
        return rest_s

    def _rest_after(self, each: Round, fault: XFault) -> float:
        _log.warning(
            "X does not let the bot read, looking again later",
            looking_at=each.name,
            fault=type(fault).__name__,
            detail=fault.detail,
        )
        match fault:
            case BudgetSpent(until=until):
                return max(1.0, until - time.time())
            case XPaused(reset=reset):
                wait_s = (reset or 0.0) - time.time()
                return min(wait_s + 1.0, RATE_WINDOW_S) if wait_s > 0 else self._longer(each)
            case XUnauthorised() | XCreditsSpent() | XForbidden():
                notify(self._notebook, f"reading {each.name}: {fault.detail}")
                return _OPERATOR_S
        return self._longer(each)

    def _longer(self, each: Round) -> float:
        each.trouble_s = min(_TROUBLE_LAST_S, max(_TROUBLE_FIRST_S, each.trouble_s * 2))
        return each.trouble_s

    def _intake_paused(self, platform: str) -> bool:
        """Tell whether to read nothing: what is unread waits at X for free."""
        return not {"intake", f"intake:{platform}"}.isdisjoint(self._services.controls.paused())


def run(services: Services, stop: threading.Event) -> None:
    """Listen to X until `stop` is set; this is the process behind `suisai x`."""
    Listener(services, XClient(XSettings(), services.kv("x"))).run(stop)


def wanted() -> bool:
    """Tell whether `suisai up` should listen to X."""
    return configured(XSettings())


ADAPTER = Adapter(run, wanted)
