"""Answers of a Bot API server as the library can read them, whoever runs the server.

The library goes by the HTTP status alone, quotes what it cannot parse (a proxy's page may hold the URL,
and with it the token), and knows a flood limit only by its parameters.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import Any

from telegram.request import HTTPXRequest

_SILENCE_S = 5
"""Of a flood limit that names no time."""
_SECONDS = re.compile(r"retry after (\d+)", re.IGNORECASE)
_KEPT = {413: "Request Entity Too Large", 429: "Too Many Requests"}
"""Of a proxy's own answers these mean what they say; all others mean that nobody could be asked."""


class Wire(HTTPXRequest):
    """The line to a Bot API server."""

    async def do_request(
        self,
        url: str,
        method: str,
        *args: Any,  # noqa: ANN401 - whatever the library passes on
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> tuple[int, bytes]:
        """Make a request; return its status and its body as the Bot API describes them."""
        status, body = await super().do_request(url, method, *args, **kwargs)
        # Only calls are POSTs; what is got is a file.
        return as_described(status, body) if method == "POST" else (status, body)


def as_described(status: int, body: bytes) -> tuple[int, bytes]:
    """Return the status and the body of an answer to a call as the Bot API describes them."""
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        if status in _KEPT:
            return _refused(status, _KEPT[status])
        return _refused(HTTPStatus.BAD_GATEWAY, f"HTTP {status}, but no answer of the Bot API")
    if status < 300 and "result" in answer and answer.get("ok") is not False:
        return status, body
    said = str(answer.get("description") or f"HTTP {status}")
    if status < 300:
        status = _code(answer)
    return _refused(status, said, answer.get("parameters"))


def _code(answer: dict[str, Any]) -> int:
    if answer.get("ok") is not False:
        return HTTPStatus.BAD_GATEWAY
    code = answer.get("error_code")
    return code if isinstance(code, int) and 400 <= code < 600 else HTTPStatus.BAD_REQUEST


def _refused(status: int, said: str, parameters: object = None) -> tuple[int, bytes]:
    told = parameters if isinstance(parameters, dict) else {}
    if status == HTTPStatus.TOO_MANY_REQUESTS and not told.get("retry_after"):
        seconds = _SECONDS.search(said)
        told = {**told, "retry_after": int(seconds[1]) if seconds else _SILENCE_S}
    answer = {"ok": False, "error_code": status, "description": said, "parameters": told}
    return status, json.dumps(answer).encode()
