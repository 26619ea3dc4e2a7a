"""What can go wrong between the bot and X: each HTTP response or network failure becomes one of these."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http import HTTPStatus

import requests

_DETAIL_MAX = 300
_STATUS_PHRASES = frozenset(status.phrase for status in HTTPStatus)

_DAY_LIMITS = ("x-app-limit-24hour", "x-user-limit-24hour")


class XError(Exception):
    """A call to X failed; `detail` is X's explanation.

    `kinds` are the names and numbers by which X tells errors apart, where it gave any: the last part of a
    problem's `type`, its `title` where that is one word other than the HTTP status's, a `reason`,
    a `code`.
    """

    kinds: frozenset[str] = frozenset()

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class XRateLimited(XError):
    """429: a rate limit was exceeded. `reset` is when X accepts calls again, None if it is not given."""

    def __init__(self, detail: str, reset: float | None) -> None:
        super().__init__(detail)
        self.reset = reset


class XCreditsSpent(XError):
    """402: the app's prepaid credits are used up."""


class XUnauthorised(XError):
    """401: the keys or the token are not accepted."""


class XForbidden(XError):
    """403: understood, and refused."""


class XRefused(XError):
    """400, 404 or the like: this call cannot succeed as it is."""


class XUnreachable(XError):
    """No connection to X could be made: nothing was sent."""


class XUnknownOutcome(XError):
    """The call may or may not have been executed: a timeout, a cut connection, no JSON."""


class XServerError(XUnknownOutcome):
    """5xx: X failed. It may have executed the call nevertheless, and does not bill it."""


def error_of(response: requests.Response) -> XError:
    """Return the error that an unsuccessful HTTP response means."""
    body = _body(response)
    error = _error(response, body)
    error.kinds = frozenset(filter(None, _kinds(body)))
    return error


def refusal_in(body: Mapping[str, object]) -> XRefused | None:
    """Return the error that is hidden in a 200 response: errors, and no data.

    X answers so for a list that the account may not see. It must not be treated as an empty list.
    """
    if body.get("data") or not body.get("errors"):
        return None
    refusal = XRefused(f"200 {' / '.join(dict.fromkeys(_sentences(body)))}"[:_DETAIL_MAX])
    refusal.kinds = frozenset(filter(None, _kinds(body.get("errors"))))
    return refusal


def _error(response: requests.Response, body: object) -> XError:
    said = " / ".join(dict.fromkeys(_sentences(body)))
    detail = f"{response.status_code} {said or response.reason}"[:_DETAIL_MAX]
    match response.status_code:
        case 401:
            return XUnauthorised(detail)
        case 402:
            return XCreditsSpent(detail)
        case 403:
            return XForbidden(detail)
        case 429:
            return XRateLimited(detail, _reset(response.headers))
        case status if status >= 500:
            return XServerError(detail)
        case status if status < 400:
            where = response.headers.get("Location", "nowhere")
            return XRefused(f"{status} X redirects to {where}: see SUISAI_X_API_URL"[:_DETAIL_MAX])
    return XRefused(detail)


def _body(response: requests.Response) -> object:
    try:
        return response.json()
    except (json.JSONDecodeError, requests.JSONDecodeError, UnicodeDecodeError):
        return None


def _kinds(body: object) -> Iterator[str]:
    """Find X's names of errors in a problem, a list of errors, or both."""
    for item in body if isinstance(body, list) else [body]:
        if not isinstance(item, Mapping):
            continue
        yield str(item.get("type", "")).partition("/problems/")[2]
        yield from (
            str(item[key]) for key in ("reason", "code") if isinstance(item.get(key), str | int)
        )
        title = str(item.get("title", ""))
        # A problem without a type (about:blank) repeats the status: "Forbidden" identifies no error.
        if " " not in title and title not in _STATUS_PHRASES:
            yield title
        yield from _kinds(item.get("errors"))


def _sentences(body: object) -> list[str]:
    """Find what X said in any of its shapes of error: a problem, a list of errors, a bare list."""
    if isinstance(body, list):
        return [sentence for item in body for sentence in _sentences(item)]
    if isinstance(body, str):
        return [body]
    if not isinstance(body, Mapping):
        return []
    said = [body[key] for key in ("reason", "detail", "message") if isinstance(body.get(key), str)]
    inner = [sentence for key in ("errors", "error") for sentence in _sentences(body.get(key))]
    return said + inner or [body[key] for key in ("title",) if isinstance(body.get(key), str)]


def _reset(headers: Mapping[str, str]) -> float | None:
    """Read the time of the next try: of the day's limit where that is used up, else the window's."""
    names = [f"{limit}-reset" for limit in _DAY_LIMITS if headers.get(f"{limit}-remaining") == "0"]
    for name in (*names, "x-rate-limit-reset"):
        try:
            return float(headers[name])
        except (KeyError, ValueError):
            continue
    return None
