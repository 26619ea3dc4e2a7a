"""A local server with X's v2 API and a script of faults; it can also run as a separate process.

`python -m tests.fakes.x_api --port 8399 --made posts.jsonl` serves until it is ended, writes every
post that the bot makes to the file, and lets other processes act over `/_world/`.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from oauthlib.common import Request as OAuthRequest
from oauthlib.oauth1.rfc5849 import signature

from tests.fakes.x_asked import Asked, HttpRefusal
from tests.fakes.x_bill import Bill
from tests.fakes.x_faults import RateWindow, XFault, XFaults
from tests.fakes.x_hooks import APP_BEARER, signature_of
from tests.fakes.x_routes import Routes
from tests.fakes.x_words import TWEET, Words
from tests.fakes.x_world import XWorld

CONSUMER_SECRET = "consumer-secret"
TOKEN_SECRET = "token-secret"
ACCESS = "access-0"
REFRESH = "refresh-0"
_HELD_MAX_S = 60.0


class FakeX(ThreadingHTTPServer):
    """The fake X on a local port."""

    daemon_threads = True
    # A burst of connections must not be refused by the operating system.
    request_queue_size = 128

    def __init__(self, words: Words = TWEET, port: int = 0, made: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), _XHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.world = XWorld(self.url, made)
        self.bill = Bill()
        self.routes = Routes(self.world, words, CONSUMER_SECRET)
        self.faults = XFaults()
        self.window = RateWindow()
        self.held: dict[str, threading.Event] = {}
        self.asked: list[Asked] = []
        self.answered: list[tuple[Asked, int, Any]] = []
        self.access = {ACCESS}
        self.refresh = REFRESH
        self.renewals = 0
        self.verifiers: dict[str, str] = {}
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> FakeX:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, *_: object) -> None:
        """Stay silent where a client went away."""

    def deliver(self, url: str, event: str, payload: Any, **more: Any) -> int:
        """Deliver an event to a webhook as X does, charge for it and return the webhook's status."""
        body = json.dumps({"data": {"event_type": event, "payload": payload, **more}}).encode()
        signed = {"x-twitter-webhooks-signature": signature_of(CONSUMER_SECRET, body)}
        for id_ in _event_ids(event, payload):
            self.bill.delivered(event, id_)
        return httpx.post(url, content=body, headers=signed).status_code

    def hold(self, where: str, until: threading.Event) -> None:
        """Answer requests like 'GET /2/tweets' (a prefix) only when the event is set."""
        self.held[where] = until

    def count(self, name: str) -> int:
        """Return how often a request like 'POST /2/tweets' came (a prefix)."""
        return sum(asked.name.startswith(name) for asked in self.asked)


class _XHandler(BaseHTTPRequestHandler):
    server: FakeX
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Serve an image, or answer."""
        path = urlsplit(self.path).path
        if path.startswith("/media/"):
            self._file(path.removeprefix("/media/"))
        else:
            self._serve()

    def do_POST(self) -> None:
        """Answer."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer."""
        self._serve()

    def _serve(self) -> None:
        asked = self._asked()
        if asked.path.startswith("/_world/"):
            self._send(200, _act(self.server, asked.path.removeprefix("/_world/"), asked.json))
            return
        self.server.asked.append(asked)
        for where, until in self.server.held.items():
            if asked.name.startswith(where):
                until.wait(_HELD_MAX_S)
        fault = self.server.faults.take(asked.name)
        if fault and not fault.after:
            self._fail(fault)
            return
        status, body, headers = self._answer(asked)
        self.server.answered.append((asked, status, body))
        self.server.bill.answered(asked, status, body)
        if fault:
            self._fail(fault)
        else:
            self._send(status, body, headers)

    def _answer(self, asked: Asked) -> tuple[int, Any, dict[str, str]]:
        try:
            if asked.path == "/2/oauth2/token":
                return 200, self._token(asked), {}
            self._check_signature(asked)
            if reset := self.server.window.over(asked.name):
                told = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(reset) + 1)}
                return 429, {"title": "Too Many Requests", "detail": "Too Many Requests"}, told
            return (*self.server.routes.answer(asked), {})
        except HttpRefusal as refusal:
            return refusal.status, refusal.body, {}

    def _token(self, asked: Asked) -> dict[str, Any]:
        server, form = self.server, asked.form
        if form.get("grant_type") == "authorization_code":
            server.verifiers[form["code"]] = form["code_verifier"]
        elif form.get("refresh_token") != server.refresh:
            raise HttpRefusal(400, "Value passed for the token was invalid.")
        server.renewals += 1
        access = f"access-{server.renewals}"
        server.access, server.refresh = {access}, f"refresh-{server.renewals}"
        scope = "tweet.read tweet.write users.read media.write dm.read dm.write offline.access"
        return {
            "token_type": "bearer",
            "expires_in": 7200,
            "access_token": access,
            "refresh_token": server.refresh,
            "scope": scope,
        }

    def _check_signature(self, asked: Asked) -> None:
        given = asked.headers.get("authorization", "")
        by_app = given == f"Bearer {APP_BEARER}"
        if asked.path.startswith("/2/webhooks") or asked.name == "DELETE /2/activity/subscriptions":
            if not by_app:
                raise HttpRefusal(403, "This needs the app's own key.")
            return
        if by_app and asked.path.startswith("/2/activity"):
            return
        if given.removeprefix("Bearer ") in self.server.access or self._is_signed(asked, given):
            return
        raise HttpRefusal(401, "Unauthorized")

    def _is_signed(self, asked: Asked, given: str) -> bool:
        if not given.startswith("OAuth "):
            return False
        url = f"http://{asked.headers['host']}{self.path}"
        request = OAuthRequest(url, asked.method, None, {"Authorization": given})
        pairs = signature.collect_parameters(
            uri_query=urlsplit(self.path).query,
            headers={"Authorization": given},
            exclude_oauth_signature=False,
        )
        request.params = [(k, v) for k, v in pairs if k != "oauth_signature"]
        request.signature = dict(pairs)["oauth_signature"]
        return bool(signature.verify_hmac_sha1(request, CONSUMER_SECRET, TOKEN_SECRET))

    def _asked(self) -> Asked:
        link = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        kind = self.headers.get("Content-Type", "")
        asked = Asked(
            self.command,
            link.path,
            dict(parse_qsl(link.query)),
            {name.lower(): value for name, value in self.headers.items()},
        )
        if kind.startswith("application/json"):
            asked.json = json.loads(raw)
        elif kind.startswith("multipart/form-data"):
            asked.form = _parts(kind, raw)
        else:
            asked.form = dict(parse_qsl(raw.decode()))
        return asked

    def _fail(self, fault: XFault) -> None:
        if fault.status == 0:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif fault.raw is not None:
            self._send(fault.status, fault.raw, fault.headers)
        else:
            self._send(fault.status, fault.body, fault.headers)

    def _file(self, name: str) -> None:
        data = self.server.world.files.get(name)
        self._send(200 if data else 404, data or b"")

    def _send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if not isinstance(body, bytes):
            self.send_header("Content-Type", "application/json")
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Stay silent."""


def _event_ids(event: str, payload: Any) -> list[str]:
    """Return the ids of the posts or messages that an event is billed for."""
    if not isinstance(payload, dict):
        return []
    messages = payload.get("direct_message_events", [])
    found = messages if event == "dm.received" else [payload] if event.startswith("post.") else []
    return [each["id"] for each in found if "id" in each]


def _parts(kind: str, raw: bytes) -> dict[str, Any]:
    message = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + raw)
    found: dict[str, Any] = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            data = part.get_payload(decode=True)
            is_file = part.get_filename() is not None
            found[name] = data if is_file or not isinstance(data, bytes) else data.decode()
    return found


def _act(server: FakeX, what: str, wish: dict[str, Any]) -> Any:
    """Let another process act: post, message, put a file, script a fault, look at what was made."""
    world = server.world
    match what:
        case "post":
            return {"id": world.post(**wish)}
        case "message":
            return {"id": world.message(**wish)}
        case "photo":
            return {"key": world.picture(world.file(wish["name"], bytes.fromhex(wish["hex"])))}
        case "fault":
            server.faults.add(XFault(**wish))
            return {}
        case "made":
            return [{"id": said.id, "in_reply_to": said.replies_to} for said in world.made]
    raise ValueError(what)


def main() -> None:
    """Serve until a signal ends it; the first line on standard output is the address."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--made", type=Path, default=None)
    chosen = options.parse_args()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with FakeX(port=chosen.port, made=chosen.made) as server:
        print(server.url, flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
