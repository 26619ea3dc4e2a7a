"""A local Bot API server over HTTP for one bot, with people, flood limits and scripted faults."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx

from tests.fakes.telegram_faults import CallFault, CallFaults
from tests.fakes.telegram_http import Cut, HttpServer, Request, Response
from tests.fakes.telegram_limits import FloodLimits
from tests.fakes.telegram_methods import METHODS, ApiCall, CallRefused, parsed
from tests.fakes.telegram_people import People, Updates
from tests.fakes.telegram_spec import BotApiSpec
from tests.fakes.telegram_world import TelegramWorld

TOKEN = "777:A-token-that-only-the-tests-know-000000"

_SUPERSEDED = "Bad Request: canceled by new edit message request"
_OTHER_POLLER = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
_WEBHOOK_SET = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(frozen=True)
class Heard:
    """One call of the bot and its response."""

    method: str
    fields: dict[str, Any]
    at: float
    status: int


@dataclass
class WebhookTarget:
    """The address to which updates are posted, if a webhook is set."""

    url: str = ""
    secret: str = ""
    allowed: list[str] = field(default_factory=list)
    trouble: dict[str, Any] = field(default_factory=dict)
    """Fields of getWebhookInfo about the last failed post."""


class TelegramApi:
    """The server: `people` act, `world` contains chats and messages, `faults` is the script of faults."""

    def __init__(self, limits: FloodLimits | None = None) -> None:
        self.world = TelegramWorld()
        self.updates = Updates()
        self.people = People(self.world, self.updates)
        self.faults = CallFaults()
        self.hook = WebhookTarget()
        self.calls: list[Heard] = []
        self.lost_messages: set[tuple[int, int]] = set()
        """Messages that stand in a chat, and whose ids the bot was never told."""
        self.breaches: list[str] = []
        """Where requests or answers are not what the Bot API describes."""
        self.known = frozenset(METHODS)
        """The methods that this server knows; a smaller set is an older server."""
        self.limits = limits or FloodLimits()
        self._edits: Counter[tuple[Any, ...]] = Counter()
        """Edits with a new file, by message: a later one cancels one that is still uploading."""
        self._polls = 0
        described = os.environ.get("SUISAI_TEST_TELEGRAM_SPEC")
        self._spec = BotApiSpec(Path(described)) if described else None
        self._server = HttpServer(self._handle)
        self.url = f"http://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        """Stop serving."""
        self._server.close()

    def settings(self) -> dict[str, str]:
        """Return the environment variables of a bot that uses this server."""
        return {
            "SUISAI_TELEGRAM_TOKEN": TOKEN,
            "SUISAI_TELEGRAM_API_URL": self.url,
            "SUISAI_TELEGRAM_POLL_TIMEOUT_S": "5",
        }

    def made(self, *methods: str, status: int | None = None) -> list[Heard]:
        """Return the calls of these methods, or of all."""
        return [
            call
            for call in list(self.calls)
            if (not methods or call.method in methods) and status in (None, call.status)
        ]

    async def _handle(self, request: Request) -> Response:
        # The part before the token is the path prefix of a proxy.
        head, _, asked = unquote(request.path.split("?")[0]).partition(f"/bot{TOKEN}/")
        if head.endswith("/file"):
            return self._download(asked.rpartition("/")[-1].removesuffix(".jpg"))
        if not asked or "/" in asked:
            return _error(CallRefused(401, "Unauthorized"))
        return await self._call(asked, request)

    async def _call(self, method: str, request: Request) -> Response:
        written, files = request.form()
        fields = parsed(written)
        self._check_request(method, written, files)
        chat = int(fields["chat_id"]) if "chat_id" in fields else None
        fault = self.faults.next(method, chat)
        edited = (method == "editMessageMedia", chat, fields.get("message_id"))
        self._edits[edited] += 1
        mine = self._edits[edited]
        await self._before(fault)
        if method == "editMessageMedia" and files and mine != self._edits[edited]:
            response = _error(CallRefused(400, _SUPERSEDED))
        else:
            response = await self._answer(method, fields, files, fault)
        self.calls.append(Heard(method, fields, time.monotonic(), response.status))
        self.world.tell()
        if fault is not None and (fault.lost or fault.after):
            await _held(fault)
            if fault.lost:
                self._lose(response)
                raise Cut
        return response

    def _lose(self, response: Response) -> None:
        result = json.loads(response.body).get("result")
        for message in result if isinstance(result, list) else [result]:
            if isinstance(message, dict) and "message_id" in message:
                self.lost_messages.add((message["chat"]["id"], message["message_id"]))

    async def _before(self, fault: CallFault | None) -> None:
        if fault is None or fault.lost or fault.after:
            return
        await _held(fault)
        if fault.cut:
            raise Cut

    async def _answer(
        self,
        method: str,
        fields: dict[str, Any],
        files: dict[str, bytes],
        fault: CallFault | None,
    ) -> Response:
        if fault is not None and fault.page:
            return Response(fault.status, fault.page, {"Content-Type": "text/html"})
        if fault is not None and fault.status:
            code = fault.error_code or fault.status
            refused = CallRefused(code, fault.description, **fault.parameters)
            return replace(_error(refused), status=fault.status)
        try:
            result = await self._result(method, fields, files)
        except CallRefused as refused:
            return _error(refused)
        if self._spec is not None:
            self.breaches += self._spec.breaches_of_result(method, result)
        return Response.of_json({"ok": True, "result": result})

    async def _result(self, method: str, fields: dict[str, Any], files: dict[str, bytes]) -> Any:
        if method == "getUpdates":
            return await self._get_updates(fields)
        if method in ("setWebhook", "deleteWebhook"):
            return self._set_webhook(fields)
        if method == "getWebhookInfo":
            return {
                "url": self.hook.url,
                "has_custom_certificate": False,
                "pending_update_count": self.updates.pending(),
                **({"allowed_updates": self.hook.allowed} if self.hook.allowed else {}),
                **self.hook.trouble,
            }
        if method not in self.known:
            raise CallRefused(404, "Not Found: method not found")
        chat = fields.get("chat_id")
        silence_s = self.limits.silence_s(method, None if chat is None else int(chat))
        if silence_s:
            raise CallRefused(
                429, f"Too Many Requests: retry after {silence_s}", retry_after=silence_s
            )
        with self.world.changed:
            return METHODS[method](ApiCall(self.world, fields, files))

    async def _get_updates(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        if self.hook.url:
            raise CallRefused(409, _WEBHOOK_SET)
        self._polls += 1
        mine = self._polls
        deadline = time.monotonic() + int(fields.get("timeout", 0))
        while True:
            if mine != self._polls:
                raise CallRefused(409, _OTHER_POLLER)
            found = self.updates.fetch(int(fields.get("offset", 0)), int(fields.get("limit", 100)))
            if found or time.monotonic() >= deadline:
                return found
            await asyncio.sleep(0.005)

    def _set_webhook(self, fields: dict[str, Any]) -> bool:
        self.hook = WebhookTarget(
            fields.get("url", ""), fields.get("secret_token", ""), fields.get("allowed_updates", [])
        )
        if self.hook.url:
            self._server.loop.create_task(self._post_updates(self.hook))
        return True

    async def _post_updates(self, hook: WebhookTarget) -> None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret}
        async with httpx.AsyncClient(headers=headers, timeout=10) as client:
            offset = 0
            while self.hook is hook:
                for update in self.updates.fetch(offset, 1):
                    if await self._posted(client, hook.url, update):
                        offset = update["update_id"] + 1
                await asyncio.sleep(0.01)

    async def _posted(self, client: httpx.AsyncClient, url: str, update: dict[str, Any]) -> bool:
        try:
            answer = await client.post(url, json=update)
            wrong = (
                ""
                if answer.is_success
                else f"Wrong response from the webhook: {answer.status_code}"
            )
        except httpx.HTTPError:
            wrong = "Connection refused"
        if wrong:
            trouble = {"last_error_date": int(time.time()), "last_error_message": wrong}
            self.hook.trouble.update(trouble)
            await asyncio.sleep(0.1)
        return not wrong

    def _download(self, file_id: str) -> Response:
        data = self.world.files.get(file_id)
        return Response(404, b"Not Found") if data is None else Response(200, data)

    def _check_request(self, method: str, written: dict[str, str], files: dict[str, bytes]) -> None:
        if self._spec is not None:
            self.breaches += self._spec.breaches_of_request(method, written, set(files))


async def _held(fault: CallFault) -> None:
    fault.reached.set()
    while fault.hold is not None and not fault.hold.is_set():
        await asyncio.sleep(0.005)


def _error(refused: CallRefused) -> Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refused.code,
        "description": refused.description,
    }
    if refused.parameters:
        body["parameters"] = refused.parameters
    return Response.of_json(body, refused.code)
