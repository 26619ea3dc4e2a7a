"""Opens the Bot API according to the settings, on Telegram's own server or another.

The library relies on the HTTP status alone, quotes bodies that it cannot parse (a proxy's page may contain
the URL with the token), and recognises a flood limit only by its parameters. So answers are normalised to the
form of the Bot API's documentation before the library reads them.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import math
import os
import re
from http import HTTPStatus
from typing import Any

from telegram import Bot
from telegram.error import InvalidToken, TelegramError
from telegram.request import HTTPXRequest

from bots.outage import Outage
from bots.telegram.events import BotIdentity
from bots.telegram.settings import TelegramMissing, TelegramSettings

HEARD = ("message", "edited_message", "guest_message", "callback_query", "inline_query")
"""The updates that the bot asks for; it needs no others."""

_READ_S = 30.0
_UPLOAD_S = 60.0
_RETRY_AFTER_S = 5
"""Wait after a flood limit that names no time."""
_SECONDS = re.compile(r"(?:retry after |(?:flood|slowmode)_wait_)(\d+)", re.IGNORECASE)
_KNOWN_TO_ALL = "getMe"
"""Every server knows this method: its 404 means the token."""
_UNKNOWN = (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED)
"""How servers answer methods that they do not know."""
_NO_SUCH_METHOD = "Bad Request: method not found"
_FLOOD_WAIT = 420
"""What Telegram's own servers answer to floods; some Bot API servers pass it on."""
_KEPT = {413: "Request Entity Too Large", 429: "Too Many Requests"}
"""HTTP errors that are kept when a proxy answers; any other counts as an unreachable server."""


class LenientRequest(HTTPXRequest):
    """Requests to a Bot API server whose answers may deviate from the documentation."""

    async def do_request(
        self,
        url: str,
        method: str,
        *args: Any,  # noqa: ANN401 - whatever the library passes on
        **kwargs: Any,  # noqa: ANN401 - as above
    ) -> tuple[int, bytes]:
        """Make a request; return its status and its body as the Bot API describes them."""
        status, body = await super().do_request(url, method, *args, **kwargs)
        # Only calls are POSTs; a GET downloads a file.
        if method != "POST":
            return status, body
        server, _, called = url.rpartition("/")
        if status in _UNKNOWN and called != _KNOWN_TO_ALL and not _is_object(body):
            # A page: of a server that does not know the method, or of a proxy without a server behind.
            there, _ = await super().do_request(f"{server}/{_KNOWN_TO_ALL}", "POST")
            if there == HTTPStatus.OK:
                return _refused(HTTPStatus.BAD_REQUEST, _NO_SUCH_METHOD)
        return as_described(status, body, called)


def as_described(status: int, body: bytes, method: str = "") -> tuple[int, bytes]:
    """Return the status and the body of an answer to a call as the Bot API describes them."""
    answer = _object(body)
    if answer is None:
        if status in _KEPT:
            return _refused(status, _KEPT[status])
        return _refused(HTTPStatus.BAD_GATEWAY, f"HTTP {status}, but no answer of the Bot API")
    if status < 300 and "result" in answer and answer.get("ok") is not False:
        return status, body
    description = str(answer.get("description") or f"HTTP {status}")
    status = _code(status, answer)
    if status in _UNKNOWN and method != _KNOWN_TO_ALL:
        # The library takes every 404 for a bad token; the server also answers unknown methods so.
        return _refused(HTTPStatus.BAD_REQUEST, f"{_NO_SUCH_METHOD}: {description}")
    if status == _FLOOD_WAIT:
        status = HTTPStatus.TOO_MANY_REQUESTS
    return _refused(status, description, answer.get("parameters"))


def _is_object(body: bytes) -> bool:
    return _object(body) is not None


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _code(status: int, answer: dict[str, Any]) -> int:
    """Return the code of a refusal: what the body says counts, a proxy may have changed the status."""
    code = answer.get("error_code")
    if isinstance(code, int) and 400 <= code < 600:
        return code
    if status >= 300:
        return status
    return HTTPStatus.BAD_REQUEST if answer.get("ok") is False else HTTPStatus.BAD_GATEWAY


def _refused(status: int, description: str, parameters: object = None) -> tuple[int, bytes]:
    given = parameters if isinstance(parameters, dict) else {}
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        given = {**given, "retry_after": _retry_after(given.get("retry_after"), description)}
    answer = {"ok": False, "error_code": status, "description": description, "parameters": given}
    return status, json.dumps(answer).encode()


def _retry_after(given: object, description: str) -> int:
    try:
        seconds = math.ceil(float(str(given)))
    except (ValueError, OverflowError):
        seconds = 0
    said = _SECONDS.search(description)
    return seconds if seconds > 0 else int(said[1]) if said else _RETRY_AFTER_S


class PatientBot(Bot):
    """A bot that returns updates unparsed.

    The library parses a whole answer of getUpdates at once: one update that it cannot parse would block
    all others for ever, because the offset would never move.
    """

    __slots__ = ()

    async def raw_updates(self, offset: int | None, timeout_s: int) -> list[dict[str, Any]]:
        """Wait up to `timeout_s` for updates from `offset` on and return them as they came."""
        data: dict[str, Any] = {
            "timeout": timeout_s,
            "offset": offset,
            "limit": 100,
            "allowed_updates": list(HEARD),
        }
        updates = await self._post("getUpdates", data, read_timeout=timeout_s + 10.0)
        return [each for each in updates if isinstance(each, dict) and "update_id" in each]


def open_bot(settings: TelegramSettings) -> PatientBot:
    """Return a bot that is not connected yet. Raises `TelegramMissing` without a token."""
    if settings.token is None:
        raise TelegramMissing("SUISAI_TELEGRAM_TOKEN is not set")
    _keep_the_token_out_of_logs()
    # Without it the library warns of its own next version at every flood limit.
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    base = settings.api_url.rstrip("/")
    return PatientBot(
        settings.token.get_secret_value(),
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=_request(connections=64),
        get_updates_request=_request(connections=2),
        local_mode=settings.local_files,
    )


def home(bot: Bot) -> str:
    """Return a name of the bot on its server, because servers do not share what they know of a bot."""
    account, server = bot.token.partition(":")[0], bot.base_url.replace(bot.token, "")
    return hashlib.sha256(f"{account} {server}".encode()).hexdigest()[:16]


def _request(connections: int) -> LenientRequest:
    return LenientRequest(
        connection_pool_size=connections,
        read_timeout=_READ_S,
        write_timeout=_READ_S,
        connect_timeout=10.0,
        pool_timeout=_READ_S,
        media_write_timeout=_UPLOAD_S,
    )


def _keep_the_token_out_of_logs() -> None:
    # Telegram puts the token into the URL, and httpx logs every URL at INFO.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.INFO)


async def hello(bot: PatientBot) -> BotIdentity:
    """Ask Telegram for the bot's account; retry until it answers.

    Raises `TelegramMissing` for a token that Telegram does not know.
    """
    outage = Outage("telegram_greeting")
    while True:
        try:
            await bot.initialize()
        except InvalidToken as error:
            raise TelegramMissing(
                "Telegram does not know the token in SUISAI_TELEGRAM_TOKEN"
            ) from error
        except TelegramError as error:
            await asyncio.sleep(outage.failed("telegram", error.message))
        else:
            outage.over()
            return BotIdentity(bot.id, bot.username or "")
