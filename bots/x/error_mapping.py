"""What a fault of X means for the workers: wait, try again, or never."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import MappingProxyType

from bots.x.budget import BudgetSpent
from bots.x.errors import (
    XCreditsSpent,
    XFault,
    XForbidden,
    XPaused,
    XRefused,
    XUnauthorised,
    XUnknownOutcome,
    XUnreachable,
)
from bots.x.store import notify
from tasks.errors import PlatformPaused, TransientError, Undeliverable
from tasks.kv import KeyValueStore

_NO_RESET_S = 300.0

_JUST_PASSED_S = 60.0
"""A reset that lies so little back came about on the way here, or by clocks that differ."""

_AT_ONCE_S = 1.0

_UNREACHABLE_S = 15.0

_OPERATOR_S = 300.0

# Where X names the kind of a fault, that decides: names of its OpenAPI document and of the problems that
# it links, numbers of its older API's documentation. The bot's own troubles come first: no person is to
# blame for them.
_OWN_KINDS = frozenset(
    {
        "client-forbidden",
        "client-not-enrolled",
        "oauth1-permissions",
        "unsupported-authentication",
        "64",  # the bot's account is suspended
        "261",  # the app may not write
        "326",  # the bot's account is locked
    }
)

_FINAL_KINDS = MappingProxyType(
    {
        "187": "duplicate",
        "144": "mention-gone",
        "385": "mention-gone",
        "179": "protected",
        "63": "suspended",
        "136": "blocked",
        "433": "reply-forbidden",
        "150": "messages-closed",
        "349": "messages-closed",
    }
)

# Often it says no more than a sentence; these are from its documentation and from what operators of bots
# report.
_OWN_TROUBLES = (
    "your account is suspended",
    "your account is temporarily locked",
    "your account is not permitted",
    "your client app",
    "client-not-enrolled",
    "client-forbidden",
    "app permissions",
    "access to a subset of",
    "authenticating with",
)

_FINAL = (
    ("duplicate content", "duplicate"),
    ("status is a duplicate", "duplicate"),
    ("deleted or not visible", "mention-gone"),
    ("does not exist", "mention-gone"),
    ("could not find", "mention-gone"),
    ("protected", "protected"),
    ("suspended", "suspended"),
    ("blocked", "blocked"),
    ("repl", "reply-forbidden"),
    ("cannot send messages to this user", "messages-closed"),
    ("not permitted to send", "messages-closed"),
    ("cannot be messaged", "messages-closed"),
    ("do not have permission to dm", "messages-closed"),
)


def is_duplicate(fault: XFault) -> bool:
    """X says that the very same was posted before."""
    return isinstance(fault, XForbidden) and _final(fault) == "duplicate"


@contextmanager
def told_to_workers(notebook: KeyValueStore) -> Iterator[None]:
    """Turn the faults of a block into `PlatformPaused`, `TransientError` or `Undeliverable`.

    `XUnknownOutcome` passes as it is: whether the call was carried out is unknown.
    """
    try:
        yield
    except XUnknownOutcome:
        raise
    except BudgetSpent as fault:
        raise PlatformPaused(fault.until, fault.detail) from fault
    except XPaused as fault:
        raise PlatformPaused(_next_try(fault.reset, time.time()), fault.detail) from fault
    except XUnreachable as fault:
        raise PlatformPaused(time.time() + _UNREACHABLE_S, fault.detail) from fault
    except (XForbidden, XRefused) as fault:
        raise _judged(fault, notebook) from fault
    except (XCreditsSpent, XUnauthorised) as fault:
        notify(notebook, f"answering: {fault.detail}")
        raise PlatformPaused(time.time() + _OPERATOR_S, fault.detail) from fault
    except XFault as fault:
        raise TransientError(fault.detail) from fault


@contextmanager
def nothing_sent_yet() -> Iterator[None]:
    """Inside, silence of X is no question: no answer was on its way."""
    try:
        yield
    except XUnknownOutcome as fault:
        raise TransientError(fault.detail) from fault


def _next_try(reset: float | None, now: float) -> float:
    if reset is None or reset < now - _JUST_PASSED_S:
        return now + _NO_RESET_S
    return max(reset, now + _AT_ONCE_S)


def _judged(fault: XForbidden | XRefused, notebook: KeyValueStore) -> Exception:
    if _is_own_trouble(fault):
        notify(notebook, f"answering: {fault.detail}")
        return PlatformPaused(time.time() + _OPERATOR_S, fault.detail)
    # An unknown sentence may be about this post or about the whole bot: tries are bounded.
    reason = _final(fault)
    return Undeliverable(reason) if reason else TransientError(fault.detail)


def _is_own_trouble(fault: XFault) -> bool:
    if fault.kinds & _FINAL_KINDS.keys():
        return False
    said = fault.detail.lower()
    return bool(fault.kinds & _OWN_KINDS) or any(sentence in said for sentence in _OWN_TROUBLES)


def _final(fault: XFault) -> str:
    for kind in sorted(fault.kinds & _FINAL_KINDS.keys()):
        return _FINAL_KINDS[kind]
    said = fault.detail.lower()
    return next((reason for sentence, reason in _FINAL if sentence in said), "")
