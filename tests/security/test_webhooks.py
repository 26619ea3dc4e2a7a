"""Calls of webhooks that end early or nest too deeply are refused, also with a valid proof."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pydantic import SecretStr, ValidationError
from starlette.applications import Starlette
from starlette.types import Message

from bots.telegram.listener.webhook import webhook_route
from bots.telegram.settings import TelegramSettings
from bots.x.listener.webhook import PATH, routes, signature
from tasks.services import Services

SECRET = "secret-of-the-webhooks"
DEEP = b'{"a":' * 100_000


@pytest.fixture
def app(services: Services, monkeypatch: pytest.MonkeyPatch) -> Starlette:
    for name, value in {
        "WEBHOOKS": "true", "CLIENT_ID": "id", "CONSUMER_SECRET": SECRET,
        "API_URL": "http://127.0.0.1:9",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"SUISAI_X_{name}", value)
    telegram = TelegramSettings(
        token=SecretStr("1:x"),
        webhook_url="https://bot.example/telegram/webhook",
        webhook_secret=SecretStr(SECRET),
    )
    return Starlette(routes=[webhook_route(services, telegram), *routes(services)])


def answer(app: Starlette, path: str, body: bytes, *, ends_early: bool) -> int:
    """Call a webhook with proofs of both platforms; return the status of the answer."""
    messages: Iterator[Message] = iter(
        [
            {"type": "http.request", "body": body, "more_body": ends_early},
            {"type": "http.disconnect"},
        ]
    )
    sent: list[Message] = []

    async def receive() -> Message:
        return next(messages)

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": path, "query_string": b"", "root_path": "",
        "headers": [
            (b"x-telegram-bot-api-secret-token", SECRET.encode()),
            (b"x-twitter-webhooks-signature", signature(SECRET, body).encode()),
        ],
    }  # fmt: skip
    asyncio.run(app(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize("path", ["/telegram/webhook", PATH])
@pytest.mark.parametrize("body", [DEEP, b"{", b"[]", b"", b"\xff", b'"text"', b"1" * 2_000_000])
def test_a_body_that_is_not_an_event_is_refused(app: Starlette, path: str, body: bytes) -> None:
    assert answer(app, path, body, ends_early=False) in (400, 403, 413)


@pytest.mark.parametrize("path", ["/telegram/webhook", PATH])
def test_a_client_that_disconnects_causes_no_error(app: Starlette, path: str) -> None:
    assert answer(app, path, b'{"a', ends_early=True) in (400, 403, 413)


@pytest.mark.parametrize(
    "secret", ["a", "short-secret", "a" * 257, "with a space inside", "é" * 20]
)
def test_a_webhook_requires_a_strong_secret(secret: str) -> None:
    with pytest.raises(ValidationError, match="16-256"):
        TelegramSettings(
            token=SecretStr("1:x"),
            webhook_url="https://bot.example/telegram/webhook",
            webhook_secret=SecretStr(secret),
        )
