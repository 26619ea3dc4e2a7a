"""`suisai x login`: connects the bot's account by OAuth2 with PKCE and a redirect to this machine."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth2 import WebApplicationClient

from bots.x.budget import BudgetSpent
from bots.x.client import XClient
from bots.x.errors import XError, XServerError, XUnauthorised, XUnknownOutcome, XUnreachable
from bots.x.models import Account
from bots.x.oauth import LoginNeeded
from pipeline.errors import UserFacingError

SCOPES = (
    "tweet.read",
    "tweet.write",
    "users.read",
    "media.write",
    "dm.read",
    "dm.write",
    "offline.access",
)
"""The scopes that the bot needs; offline.access lets it refresh its token."""
PATIENCE_S = 300.0
_PATH = "/callback"


class LoginFailed(UserFacingError):
    """The account is not connected; the message says why and what to do."""


def login(
    x: XClient,
    show: Callable[[str], None],
    open_page: Callable[[str], object],
    patience_s: float = PATIENCE_S,
) -> Account:
    """Connect the account that allows it in the browser; return it. Raises `LoginFailed`.

    `show` is given the address to visit, `open_page` may open it. With OAuth1 keys and no client id
    there is nothing to connect: the keys are only tried.
    """
    if x.settings.client_id is None:
        if not x.settings.has_oauth1:
            raise LoginFailed(
                "Set SUISAI_X_CLIENT_ID (and SUISAI_X_CLIENT_SECRET), or the four OAuth1 keys."
            )
        return _tried(x)
    flow = WebApplicationClient(x.settings.client_id)
    verifier, state = flow.create_code_verifier(64), secrets.token_urlsafe(32)
    with _Loopback(x.settings.login_port, state) as server:
        redirect = f"http://127.0.0.1:{server.server_port}{_PATH}"
        address = flow.prepare_request_uri(
            x.settings.authorize_url,
            redirect_uri=redirect,
            scope=list(SCOPES),
            state=state,
            code_challenge=flow.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
        )
        show(address)
        open_page(address)
        code = server.wait_for_code(patience_s)
    try:
        tokens = x.tokens.exchange(
            grant_type="authorization_code",
            code=code,
            redirect_uri=redirect,
            code_verifier=verifier,
        )
    except XError as error:
        if isinstance(error, XUnreachable | XUnknownOutcome):
            raise LoginFailed(f"{in_words(error)}. Then try `suisai x login` again.") from error
        raise LoginFailed(f"X gave no token: {error.detail}") from error
    x.tokens.store(tokens)
    try:
        return _tried(x)
    except LoginFailed as failed:
        raise LoginFailed(f"The login is stored, but {failed}") from failed


def missing_scopes(granted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes that the bot needs and was not given."""
    return tuple(scope for scope in SCOPES if scope not in granted)


def in_words(error: XError) -> str:
    """Return what an error of X means for the keys: a network that is away says nothing about them."""
    if isinstance(error, LoginNeeded | BudgetSpent):
        return error.detail
    if isinstance(error, XUnauthorised):
        return f"X does not accept the keys: {error.detail}"
    if isinstance(error, XServerError):
        return f"X cannot answer just now: {error.detail}"
    if isinstance(error, XUnreachable | XUnknownOutcome):
        return f"X cannot be reached from this machine ({error.detail}): check network, DNS and firewall"
    return f"X refuses to say which account the keys belong to: {error.detail}"


def _tried(x: XClient) -> Account:
    try:
        return x.renewed_me()
    except XError as error:
        raise LoginFailed(f"{in_words(error)}.") from error


class _Loopback(ThreadingHTTPServer):
    """Waits on this machine for the browser that X redirects back.

    It uses threads, because browsers open connections and send nothing on them for a while.
    """

    daemon_threads = True

    def __init__(self, port: int, state: str) -> None:
        super().__init__(("127.0.0.1", port), _Redirect)
        self._state = state
        self._code = ""
        self._refusal = ""
        self._strays = 0
        self._came = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> _Loopback:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def wait_for_code(self, patience_s: float) -> str:
        """Return the code from the redirect. Raises `LoginFailed`."""
        self._came.wait(patience_s)
        if self._refusal:
            raise LoginFailed(f"X says: {self._refusal}. Try `suisai x login` again.")
        if not self._code:
            port = self.server_port
            strays = f" ({self._strays} requests belonged to another login)" if self._strays else ""
            raise LoginFailed(
                f"Nothing came back from the browser{strays}. Try `suisai x login` again; where the bot runs "
                f"on a server without a browser, first forward the port: ssh -L {port}:127.0.0.1:{port}."
            )
        return self._code

    def take(self, query: dict[str, str]) -> bool:
        """Take the code, if it comes with the state that only our request knew.

        Anybody on this machine can call the address: a request with another state changes nothing.
        """
        if not hmac.compare_digest(query.get("state", "").encode(), self._state.encode()):
            self._strays += 1
            return False
        self._code, self._refusal = query.get("code", ""), query.get("error", "")
        self._came.set()
        return bool(self._code)


class _Redirect(BaseHTTPRequestHandler):
    server: _Loopback

    def do_GET(self) -> None:
        """Answer the browser."""
        link = urlsplit(self.path)
        if link.path != _PATH:
            self.send_error(404)
            return
        taken = self.server.take({name: each[0] for name, each in parse_qs(link.query).items()})
        self._say("Done: you can close this page." if taken else "That did not work.")

    def _say(self, sentence: str) -> None:
        body = f"<!doctype html><title>Suisai</title><p>{sentence}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing, because the URL contains the code."""
