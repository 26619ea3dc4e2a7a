"""The webhook of X in the web process: admits delivered posts and messages like polled ones."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bots.web.body import read_body
from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.listener.direct_messages import DirectMessages
from bots.x.listener.mentions import Mentions
from bots.x.models import MessagePage, PostPage
from bots.x.parser import read_delivered_messages, read_page
from bots.x.settings import XSettings
from tasks.errors import StoreError
from tasks.services import Services

PATH = "/x/webhook"

ANSWER_WITHIN_S = 2.0
"""X wants its 200 within a few seconds."""

_BODY_MAX = 1_000_000

_CHALLENGE_TOKEN = re.compile(r"[A-Za-z0-9+/=_.~-]{1,256}")
"""What is signed on request. No JSON object matches, so that no answer to a challenge signs a delivery."""

_AT_ONCE = 8

_log = structlog.get_logger()


def signature(secret: str, message: bytes) -> str:
    """Sign a challenge or a delivery as X does."""
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def routes(services: Services) -> list[BaseRoute]:
    """Return the routes for the web process; none where webhooks are off or unsigned."""
    settings = XSettings()
    secret = settings.consumer_secret or settings.client_secret
    if not settings.webhooks or secret is None:
        return []
    hook = XWebhook(services, XClient.open(services, settings), secret.get_secret_value())
    return [
        Route(PATH, hook.challenged, methods=["GET"]),
        Route(PATH, hook.delivered, methods=["POST"]),
    ]


class XWebhook:
    """Answers X's challenges and handles its deliveries.

    A delivery that cannot be handled is left to polling, whose cursors do not depend on deliveries.
    """

    def __init__(self, services: Services, x: XClient, secret: str) -> None:
        self._x = x
        self._secret = secret
        self._mentions = Mentions(services, x)
        self._messages = DirectMessages(services, x)
        self._pool = ThreadPoolExecutor(_AT_ONCE, "x-webhook")
        self._working: set[asyncio.Future[None]] = set()
        self._counting: set[asyncio.Future[None]] = set()

    async def challenged(self, request: Request) -> Response:
        """Prove to X that this server knows the app's secret.

        Anybody may ask, and X signs its deliveries with the same secret and digest: only text that can
        never be a delivery is signed.
        """
        token = request.query_params.get("crc_token", "")
        if not _CHALLENGE_TOKEN.fullmatch(token):
            return Response(status_code=400)
        return JSONResponse({"response_token": signature(self._secret, token.encode())})

    async def delivered(self, request: Request) -> Response:
        """Take a delivery and say 200 in time, done or not."""
        body = await read_body(request, _BODY_MAX)
        signed = request.headers.get("x-twitter-webhooks-signature", "").encode()
        # A delivery is a JSON object. Anything else might be a challenge token that this server signed.
        if body is None or not body.lstrip().startswith(b"{"):
            return Response(status_code=403)
        if not hmac.compare_digest(signed, signature(self._secret, body).encode()):
            return Response(status_code=403)
        try:
            delivery = json.loads(body)
        except (ValueError, RecursionError):
            return Response(status_code=400)
        if isinstance(data := delivery.get("data"), Mapping):
            await self._begin(data)
        return Response(status_code=200)

    async def _begin(self, data: Mapping[str, Any]) -> None:
        # X bills each delivery, also one that is then dropped. More at once than so many would only make X
        # wait; polling takes up what is dropped here.
        work = self._take if len(self._working) < _AT_ONCE else self._count
        pool = self._pool if work == self._take else None
        task = asyncio.get_running_loop().run_in_executor(pool, self._caught, work, data)
        found = self._working if work == self._take else self._counting
        found.add(task)
        task.add_done_callback(found.discard)
        await asyncio.wait([task], timeout=ANSWER_WITHIN_S)

    def _caught(self, work: Callable[[Mapping[str, Any]], object], data: Mapping[str, Any]) -> None:
        try:
            work(data)
        except (XError, StoreError) as error:
            _log.warning("delivery_dropped", error=type(error).__name__, action="left to polling")

    def _count(self, data: Mapping[str, Any]) -> None:
        """Charge for what a delivery holds."""
        posts, messages = _read(data)
        self._x.budget.received("post", (post.id for post in posts.posts))
        self._x.budget.received("message", (message.id for message in messages.messages))

    def _take(self, data: Mapping[str, Any]) -> None:
        """Charge for a delivery, and deal with what concerns the bot."""
        self._count(data)
        posts, messages = _read(data)
        if data.get("event_type") in ("post.mention.create", "post.reply.create"):
            self._mentions.take([posts])
        elif data.get("event_type") == "dm.received":
            self._messages.take([messages])


def _read(data: Mapping[str, Any]) -> tuple[PostPage, MessagePage]:
    """Return the posts and messages of a delivery; X bills those of every kind of event."""
    kind, payload = str(data.get("event_type")), data.get("payload")
    posts = read_page({**data, "data": payload}) if kind.startswith("post.") else PostPage(())
    if kind.startswith("dm.") and isinstance(payload, Mapping):
        return posts, read_delivered_messages(payload)
    return posts, MessagePage(())
