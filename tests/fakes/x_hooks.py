"""The fake X's webhooks: an address is taken once it answers the challenge; events are subscribed to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Any

import httpx

from tests.fakes.x_asked import Asked, HttpRefusal
from tests.fakes.x_world import XWorld

Json = dict[str, Any]

APP_BEARER = "app-bearer"


def signature_of(secret: str, message: bytes) -> str:
    """Sign a challenge or a delivery as X does."""
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


_PRIVATE = frozenset({"post.mention.create", "post.reply.create", "dm.received"})
"""Events that X tells only the app that the account itself allowed to read them."""


class Hooks:
    """What the app registered and subscribed to."""

    def __init__(self, world: XWorld, secret: str) -> None:
        self._world = world
        self._secret = secret
        self._hooks: dict[str, Json] = {}
        self._subscriptions: dict[str, Json] = {}

    def table(self) -> list[tuple[str, str, Callable[..., tuple[int, Json | bytes]]]]:
        """Return the routes."""
        return [
            ("GET", r"/2/webhooks", self._list),
            ("POST", r"/2/webhooks", self._register),
            ("DELETE", r"/2/webhooks/(\d+)", self._remove),
            ("GET", r"/2/activity/subscriptions", self._subscribed),
            ("POST", r"/2/activity/subscriptions", self._subscribe),
            ("DELETE", r"/2/activity/subscriptions", self._unsubscribe),
        ]

    def _list(self, _: Asked) -> tuple[int, Json]:
        return 200, {"data": list(self._hooks.values())} if self._hooks else {}

    def _register(self, asked: Asked) -> tuple[int, Json]:
        url = asked.json["url"]
        if url in [hook["url"] for hook in self._hooks.values()]:
            raise HttpRefusal(409, "A webhook with this url exists already.")
        if not self._answers(url):
            raise HttpRefusal(
                400, "The CRC GET request did not return the expected response token."
            )
        hook = {"id": self._world.new_id(), "url": url, "valid": True, "created_at": "2026-11-24"}
        self._hooks[hook["id"]] = hook
        return 200, {"data": hook}

    def _answers(self, url: str) -> bool:
        token = secrets.token_hex(8)
        wanted = signature_of(self._secret, token.encode())
        try:
            answer = httpx.get(url, params={"crc_token": token}, timeout=5)
        except httpx.HTTPError:
            return False
        return answer.is_success and answer.json() == {"response_token": wanted}

    def _remove(self, _: Asked, id_: str) -> tuple[int, Json]:
        if self._hooks.pop(id_, None) is None:
            raise HttpRefusal(404, "no such webhook")
        return 200, {"data": {"deleted": True}}

    def _subscribed(self, _: Asked) -> tuple[int, Json]:
        return 200, {"data": list(self._subscriptions.values())} if self._subscriptions else {}

    def _subscribe(self, asked: Asked) -> tuple[int, Json]:
        if asked.json["webhook_id"] not in self._hooks:
            raise HttpRefusal(400, "no such webhook")
        if asked.json["event_type"] in _PRIVATE and not _is_by_account(asked):
            raise HttpRefusal(403, "This event is private: subscribe with the account's own token.")
        made = {"subscription_id": self._world.new_id(), **asked.json}
        self._subscriptions[made["subscription_id"]] = made
        return 200, {"data": {"subscription": made}}

    def _unsubscribe(self, asked: Asked) -> tuple[int, Json]:
        gone = [id_ for id_ in asked.query["ids"].split(",") if self._subscriptions.pop(id_, None)]
        return 200, {"data": [{"subscription_id": id_, "deleted": True} for id_ in gone]}


def _is_by_account(asked: Asked) -> bool:
    return APP_BEARER not in asked.headers.get("authorization", "")
