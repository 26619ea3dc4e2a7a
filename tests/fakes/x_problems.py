"""X's error responses: status, body and headers, as reported by operators.

Sources: X's documentation of response codes, its OpenAPI description, the error codes of its older API,
and answers that public bots logged in 2026.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.x_faults import XFault

_TYPE = "https://api.twitter.com/2/problems/"


@dataclass(frozen=True)
class XProblem:
    """One error response of X."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    def at(self, where: str, times: int = 1, skip: int = 0) -> XFault:
        """Let requests like 'POST /2/tweets' (a prefix) run into it."""
        return XFault(where, self.status, self.body, dict(self.headers), times=times, skip=skip)


def _problem(status: int, title: str, detail: str, kind: str = "", **more: Any) -> XProblem:
    type_ = f"{_TYPE}{kind}" if kind else "about:blank"
    body = {"title": title, "detail": detail, "type": type_, "status": status}
    return XProblem(status, body | more)


def _forbidden(detail: str) -> XProblem:
    return _problem(403, "Forbidden", detail)


def _coded(status: int, code: int, message: str) -> XProblem:
    return XProblem(status, {"errors": [{"code": code, "message": message}]})


NOT_SUMMONED = _forbidden(
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged "
    "by the author of the post you are replying to."
)
"""Since February 2026, for self-serve apps: the author must have mentioned or quoted the account."""
NOT_SUMMONED_NEWER = _forbidden(
    "You can only reply to or quote posts where you are mentioned or are the author."
)
DUPLICATE = _forbidden("You are not allowed to create a Tweet with duplicate content.")
DUPLICATE_CODE = _coded(403, 187, "Status is a duplicate.")
GONE = _forbidden("You attempted to reply to a Tweet that is deleted or not visible to you.")
SUSPENDED_AUTHOR = _forbidden("User has been suspended.")
PROTECTED_AUTHOR = _forbidden("This user's Tweets are protected.")
BLOCKED = _forbidden("You have been blocked from the author of this Tweet.")
RESTRICTED_CODE = _coded(
    403, 433, "The original Tweet author restricted who can reply to this Tweet."
)
MESSAGES_CLOSED = _forbidden("You do not have permission to DM one or more participants.")
MESSAGES_CLOSED_CODE = _coded(403, 349, "You cannot send messages to this user.")
MESSAGE_REPEATED_CODE = _coded(
    403, 151, "There was an error sending your message: Whoops! You already said that."
)
MEDIA_INVALID = _problem(400, "Invalid Request", "Your media IDs are invalid.", "invalid-request")

AUTOMATED_CODE = _coded(
    403,
    226,
    "This request looks like it might be automated. To protect our users from spam and other malicious "
    "activity, we can't complete this action right now. Please try again later.",
)
DAILY_LIMIT_CODE = _coded(403, 185, "User is over daily status update limit.")
SPEND_CAP = _problem(
    403,
    "SpendCapReached",
    "Your enrolled account [1] has reached its billing cycle spend cap. API requests will be blocked "
    "until the next cycle begins on 2026-12-12.",
    "credits",
    account_id=1,
    reset_date="2026-12-12",
)
NO_CREDITS = _problem(
    402,
    "CreditsDepleted",
    "Your enrolled account [1] does not have any credits to fulfill this request.",
    "credits",
    account_id=1,
)
USAGE_CAPPED = _problem(
    429,
    "UsageCapExceeded",
    "Usage cap exceeded: Monthly product cap",
    "usage-capped",
    period="Monthly",
    scope="Product",
)
NOT_ENROLLED = _problem(
    403,
    "Client Forbidden",
    "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a "
    "Twitter developer App that is attached to a Project.",
    "client-forbidden",
    reason="client-not-enrolled",
)
NO_WRITE_PERMISSION = _problem(
    403,
    "Forbidden",
    "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.",
    "oauth1-permissions",
)
OWN_SUSPENDED_CODE = _coded(
    403, 64, "Your account is suspended and is not permitted to access this feature"
)
OWN_LOCKED_CODE = _coded(
    403, 326, "To protect our users from spam, this account is temporarily locked. Please log in."
)
UNAUTHORISED = _problem(401, "Unauthorized", "Unauthorized")
UNKNOWN_403 = _forbidden(
    "This action is currently unavailable for reasons that nobody has written down."
)
UNKNOWN_400 = _problem(400, "Invalid Request", "Something is off.", "invalid-request")
INTERNAL = _problem(500, "Internal Server Error", "Something is broken.", "internal-error")
OVER_CAPACITY = _coded(503, 130, "Over capacity")
UNAVAILABLE = _problem(503, "Service Unavailable", "Service Unavailable")

OF_THIS_ANSWER: dict[str, XProblem] = {
    "reply-forbidden": NOT_SUMMONED,
    "mention-gone": GONE,
    "suspended": SUSPENDED_AUTHOR,
    "protected": PROTECTED_AUTHOR,
    "blocked": BLOCKED,
}
"""By the reason with which a job ends: problems that only concern the one post that is replied to."""

OF_THE_WHOLE_BOT: dict[str, XProblem] = {
    "automated": AUTOMATED_CODE,
    "daily limit": DAILY_LIMIT_CODE,
    "spend cap": SPEND_CAP,
    "no credits": NO_CREDITS,
    "usage capped": USAGE_CAPPED,
    "not enrolled": NOT_ENROLLED,
    "no write permission": NO_WRITE_PERMISSION,
    "own account suspended": OWN_SUSPENDED_CODE,
    "own account locked": OWN_LOCKED_CODE,
    "unknown 403": UNKNOWN_403,
    "unknown 400": UNKNOWN_400,
    "internal error": INTERNAL,
    "over capacity": OVER_CAPACITY,
    "unavailable": UNAVAILABLE,
}
"""Problems of the account, the app or X itself: the next answer would run into the same."""


def too_many_requests(window_s: float, clock: Callable[[], float] = time.time) -> XProblem:
    """A rate limit that is used up until `window_s` from now."""
    reset = str(int(clock() + window_s))
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
    return XProblem(429, {"title": "Too Many Requests", "detail": "Too Many Requests"}, headers)
