"""What can go wrong between the bot and X, as values: an HTTP answer becomes one of these, once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import requests

_TELLING = 300

_DAY_LIMITS = ("x-app-limit-24hour", "x-user-limit-24hour")


class XFault(Exception):
    """X did not do what was asked; `detail` is what it said about it.

    `kinds` are the names and numbers by which X tells faults apart, where it gave any: the last part
    of a problem's `type`, a `reason`, a `code`.
    """

    kinds: frozenset[str] = frozenset()

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class XPaused(XFault):
    """429: too much was asked. `reset` is X's time of the next try, None where it named none."""

    def __init__(self, detail: str, reset: float | None) -> None:
        super().__init__(detail)
        self.reset = reset


class XCreditsSpent(XFault):
    """402: the app's prepaid credits are used up."""


class XUnauthorised(XFault):
    """401: the keys or the token are not accepted."""


class XForbidden(XFault):
    """403: understood, and refused."""


class XRefused(XFault):
    """400, 404 or the like: this call cannot succeed as it is."""


class XUnreachable(XFault):
    """No connection to X came about: nothing was sent."""


class XUnknownOutcome(XFault):
    """The call may or may not have been carried out: a 5xx, a timeout, a cut connection."""


def fault_of(response: requests.Response) -> XFault:
    """Return the fault that an unsuccessful HTTP answer means."""
    body = _body(response)
    fault = _fault(response, body)
    fault.kinds = frozenset(filter(None, _kinds(body)))
    return fault


def _fault(response: requests.Response, body: object) -> XFault:
    told = " / ".join(dict.fromkeys(_sentences(body)))
    detail = f"{response.status_code} {told or response.reason}"[:_TELLING]
    match response.status_code:
        case 401:
            return XUnauthorised(detail)
        case 402:
            return XCreditsSpent(detail)
        case 403:
            return XForbidden(detail)
        case 429:
            return XPaused(detail, _reset(response.headers))
        case status if status >= 500:
            return XUnknownOutcome(detail)
    return XRefused(detail)


def _body(response: requests.Response) -> object:
    try:
        return response.json()
    except (json.JSONDecodeError, requests.JSONDecodeError, UnicodeDecodeError):
        return None


def _kinds(body: object) -> Iterator[str]:
    """Find X's names of faults in a problem, a list of errors, or both."""
    for item in body if isinstance(body, list) else [body]:
        if not isinstance(item, Mapping):
            continue
        yield str(item.get("type", "")).partition("/problems/")[2]
        yield from (
            str(item[key]) for key in ("reason", "code") if isinstance(item.get(key), str | int)
        )
        yield from _kinds(item.get("errors"))


def _sentences(body: object) -> list[str]:
    """Find what X said in any of its shapes of error: a problem, a list of errors, a bare list."""
    if isinstance(body, list):
        return [sentence for item in body for sentence in _sentences(item)]
    if isinstance(body, str):
        return [body]
    if not isinstance(body, Mapping):
        return []
    told = [body[key] for key in ("reason", "detail", "message") if isinstance(body.get(key), str)]
    inner = [sentence for key in ("errors", "error") for sentence in _sentences(body.get(key))]
    return told + inner or [body[key] for key in ("title",) if isinstance(body.get(key), str)]


def _reset(headers: Mapping[str, str]) -> float | None:
    """Read the time of the next try: of the day's limit where that is used up, else the window's."""
    names = [f"{limit}-reset" for limit in _DAY_LIMITS if headers.get(f"{limit}-remaining") == "0"]
    for name in (*names, "x-rate-limit-reset"):
        try:
            return float(headers[name])
        except (KeyError, ValueError):
            continue
    return None
