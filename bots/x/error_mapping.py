"""What an error of X means for a worker with an answer: wait, try again, or end the job.

Only an error about this very answer ends its job. Whatever concerns the account, the app or X as a whole
pauses the platform and keeps the painting, and so does every error that the table does not know.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

from bots.x.budget import BudgetSpent
from bots.x.errors import (
    XCreditsSpent,
    XError,
    XForbidden,
    XRateLimited,
    XRefused,
    XUnauthorised,
    XUnknownOutcome,
)
from bots.x.store import clear_notice, notify_operator
from tasks.errors import PlatformPaused, Undeliverable
from tasks.kv import KeyValueStore

_NO_RESET_S = 300.0
_OPERATOR_S = 300.0
"""Seconds between retries of a problem that only the operator can fix."""
_RETRY_S = 15.0
"""Length of the first pause, seconds, unless the settings say otherwise."""
_LONGEST_PAUSE_S = 900.0
_JOB_WAITS = 4.0
"""How many first pauses longer than the platform a job waits whose answer failed: others go first."""
_UNKNOWN_JOB_WAITS = 40.0
"""The same after an unknown error."""
_JUST_PASSED_S = 60.0
"""A reset that lies less than this in the past is due to latency or different clocks."""
_FARTHEST_RESET_S = 26 * 3600.0
"""X's longest limits last a day: a reset farther in the future is not valid."""
_AT_ONCE_S = 1.0
_FAILURES_KEY = "failures:answering"
_FAILURES_KEPT_S = 3600.0
_OPERATOR_AFTER = 4
"""After this many failures in a row the operator is also told about temporary problems."""


class Meaning(Enum):
    """What to do about an error."""

    END = "this answer can never be posted"
    UPLOAD_AGAIN = "X does not have the picture any more"
    WAIT = "X has a problem, or has had enough of us for now"
    OPERATOR = "only the operator can fix it"
    UNKNOWN = "not in the table"


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of error: X's names for it, its wording, and its meaning for the bot."""

    meaning: Meaning
    reason: str
    """A stable code: the reason with which a job ends, or what is told to the operator."""
    kinds: frozenset[str] = field(default_factory=frozenset)
    """Last parts of X's problem types, reasons, titles, and codes of its older API."""
    sentences: tuple[str, ...] = ()
    """Parts of what X says, in lower case, where it names no kind."""


def _row(meaning: Meaning, reason: str, kinds: str, *sentences: str) -> Problem:
    return Problem(meaning, reason, frozenset(kinds.split()), sentences)


PROBLEMS = (
    # The account, the app, the plan. First, since their sentences hold words that others hold, too.
    _row(Meaning.OPERATOR, "account-suspended", "64 141", "your account is suspended"),
    _row(
        Meaning.OPERATOR,
        "account-locked",
        "326 231",
        "temporarily locked",
        "account is locked",
        "must verify login",
    ),
    _row(Meaning.OPERATOR, "account-restricted", "", "your account is not permitted"),
    _row(Meaning.OPERATOR, "no-credits", "CreditsDepleted credits-depleted", "any credits"),
    _row(Meaning.OPERATOR, "spend-cap", "SpendCapReached credits", "spend cap", "spending limit"),
    _row(Meaning.OPERATOR, "usage-cap", "usage-capped UsageCapExceeded", "usage cap exceeded"),
    _row(
        Meaning.OPERATOR,
        "app-rights",
        "client-forbidden client-not-enrolled oauth1-permissions unsupported-authentication "
        "official-client-forbidden 261 220 453 87 93 416",
        "your client app",
        "suspended application",
        "application cannot perform",
        "not allowed to access or delete your direct messages",
        "client is not permitted",
        "app permissions",
        "access to a subset of",
        "authenticating with",
        "when authenticating requests",
    ),
    _row(Meaning.WAIT, "automation-block", "226", "might be automated"),
    _row(
        Meaning.WAIT, "daily-limit", "185 344", "over daily status update limit", "daily limit for"
    ),
    _row(Meaning.WAIT, "rate-limit", "88 rate-limit-exceeded", "rate limit exceeded"),
    _row(
        Meaning.WAIT, "over-capacity", "130 131 internal-error", "over capacity", "internal error"
    ),
    # The picture.
    _row(Meaning.UPLOAD_AGAIN, "media", "324 325", "media id", "media could not", "invalid media"),
    # The post that is replied to, or its author.
    _row(
        Meaning.END,
        "duplicate",
        "187 151",
        "duplicate content",
        "status is a duplicate",
        "already said that",
    ),
    _row(
        Meaning.END,
        "reply-forbidden",
        "433 425",
        "actions on this post have been disabled",
        "actions on this tweet have been disabled",
        "reply to this conversation",
        "only reply to",
        "who can reply",
        "permitted to reply",
        "allowed to reply",
    ),
    _row(
        Meaning.END,
        "mention-gone",
        "144 385 421 422 resource-not-found disallowed-resource",
        "no longer available",
        "deleted or not visible",
        "does not exist",
        "could not find",
    ),
    _row(Meaning.END, "protected", "179 not-authorized-for-resource", "are protected"),
    _row(Meaning.END, "suspended", "63", "user has been suspended"),
    _row(Meaning.END, "blocked", "136", "have been blocked", "has blocked you"),
    _row(
        Meaning.END,
        "messages-closed",
        "150 349 108",
        "send messages to this user",
        "permitted to send",
        "cannot be messaged",
        "permission to dm",
    ),
    _row(Meaning.END, "too-long", "186 354", "text too long", "needs to be a bit shorter"),
)
"""Where X names the kind of an error, that decides; else the first row with a sentence that it says.

Sources: X's OpenAPI description and its page on response codes, the error codes of its API 1.1, and errors
that public bots logged until November 2026.
"""
_UNKNOWN = Problem(Meaning.UNKNOWN, "unknown")


def problem_of(error: XError) -> Problem:
    """Return the row of the table for an error, `Meaning.UNKNOWN` where there is none."""
    if isinstance(error, XCreditsSpent | XUnauthorised):
        return Problem(Meaning.OPERATOR, type(error).__name__)
    by_name = [row for row in PROBLEMS if row.kinds & error.kinds]
    said = error.detail.lower()
    by_sentence = [row for row in PROBLEMS if any(sentence in said for sentence in row.sentences)]
    found = next(iter(by_name or by_sentence), None)
    if _is_refusal(error):
        return found or _UNKNOWN
    # A failure of X, or no answer at all, says nothing about this one answer, whatever its words.
    if found and found.meaning is Meaning.OPERATOR:
        return found
    return Problem(Meaning.WAIT, type(error).__name__)


def _is_refusal(error: XError) -> bool:
    """Return whether X understood the call and refused it."""
    return isinstance(error, XForbidden | XRefused) or type(error) is XError


def is_duplicate(error: XError) -> bool:
    """Return whether X says that the same text was posted before."""
    return problem_of(error).reason == "duplicate"


def is_about_media(error: XError) -> bool:
    """Return whether X rejects the ids of the uploaded pictures."""
    return problem_of(error).meaning is Meaning.UPLOAD_AGAIN


@contextmanager
def mapped_for_workers(
    store: KeyValueStore, retry_s: float = _RETRY_S, sends: bool = False
) -> Iterator[None]:
    """Turn the errors of a block into `PlatformPaused`, and those of a block that sends into `Undeliverable`.

    `retry_s`: how long the first pause lasts. `sends`: the block sends an answer. Then an error about the
    post that is replied to ends the job, and after an unknown outcome the answer may have been posted. In any
    other block (an upload, a search for the answer) the same words are about something else.
    """
    try:
        yield
    except XError as error:
        raise _for_worker(error, store, retry_s, sends) from error


def note_success(store: KeyValueStore) -> None:
    """Record that X accepted an answer: the next pause is short again, and the notice is cleared."""
    store.delete(_FAILURES_KEY)
    clear_notice(store)


def _for_worker(error: XError, store: KeyValueStore, retry_s: float, sends: bool) -> Exception:
    now, problem = time.time(), problem_of(error)
    if problem.meaning is Meaning.END and not sends:
        problem = _UNKNOWN
    if isinstance(error, BudgetSpent):
        return PlatformPaused(error.until, error.detail)
    if problem.meaning is Meaning.END:
        return Undeliverable(problem.reason)
    if problem.meaning is Meaning.OPERATOR:
        notify_operator(store, f"answering: {error.detail}")
        return PlatformPaused(now + _OPERATOR_S, error.detail)
    if isinstance(error, XRateLimited):
        return PlatformPaused(_next_try(error.reset, now), error.detail)
    until, job_until = _pause(error, problem, store, now, retry_s)
    sent = sends and isinstance(error, XUnknownOutcome)
    return PlatformPaused(until, error.detail, job_until=job_until, maybe_sent=sent)


def _pause(
    error: XError, problem: Problem, store: KeyValueStore, now: float, retry_s: float
) -> tuple[float, float]:
    """Pause for longer with each failure since the last success; the job itself waits longer still.

    Whether X fails as a whole or this answer only, the next try shows: it is another job's.
    """
    failures = store.increment(_FAILURES_KEY, 1, _FAILURES_KEPT_S)
    pause_s = min(_LONGEST_PAUSE_S, retry_s * 2.0 ** min(failures - 1, 10))
    if problem.meaning is Meaning.UNKNOWN:
        notify_operator(store, f"answering: X answers with an unknown error: {error.detail}")
    elif failures >= _OPERATOR_AFTER:
        notify_operator(store, f"answering: {failures} failures in a row: {error.detail}")
    waits = _UNKNOWN_JOB_WAITS if problem.meaning is Meaning.UNKNOWN else _JOB_WAITS
    return now + pause_s, now + pause_s + waits * retry_s


def _next_try(reset: float | None, now: float) -> float:
    if reset is None or not now - _JUST_PASSED_S <= reset <= now + _FARTHEST_RESET_S:
        return now + _NO_RESET_S
    return max(reset, now + _AT_ONCE_S)
