"""OAuth2 tokens of the bot's account: stored for all processes, refreshed by one of them at a time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import requests
import structlog

from bots.x.errors import XError, XForbidden, XRefused, XUnauthorised, XUnknownOutcome
from bots.x.session import XSession
from bots.x.settings import XSettings
from tasks.errors import StoreError
from tasks.kv import KeyValueStore

TOKEN_ROUTE = "/2/oauth2/token"  # noqa: S105, a path

_KEY = "oauth2"

_LOCK = "oauth2:renewing"

_STORING_S = 10.0
"""How long to wait for an unreachable ledger: X issues each refresh token only once."""

_EARLY_S = 600.0
"""Refresh this long before expiry, so that a failed refresh can be retried."""

_LOOK_S = 0.1

_LASTS_S = 7200.0

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one login or refresh."""

    access: str
    refresh: str
    expires_at: float
    """Seconds since the epoch."""
    scopes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at:.0f}, scopes={self.scopes})"


class LoginNeeded(XUnauthorised):
    """There is no token that X accepts; the operator must log in."""

    def __init__(self, why: str) -> None:
        super().__init__(f"{why}: run `suisai x login`")


class TokenStore:
    """Reads, renews and stores the tokens.

    X's refresh tokens rotate: each can be used once, so that only the process that holds the lock
    renews, and the new pair replaces the old one in one step before anybody uses it. A process that
    dies between X's answer and that step takes the new pair along: the old one is then tried again.
    """

    def __init__(
        self,
        settings: XSettings,
        store: KeyValueStore,
        session: XSession,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._store = store
        self._session = session
        self._clock = clock
        self._sleep = sleep
        # Longer than a renewal can take: two silences, of connecting and of reading, and the storing.
        self._lock_s = 2 * settings.timeout_s + _STORING_S

    def known(self) -> Tokens | None:
        """Return the stored tokens, None before the first login."""
        stored = self._store.get(_KEY)
        return _unpack(stored) if stored else None

    def current(self) -> str:
        """Return an access token that does not expire soon. Raises `LoginNeeded`."""
        tokens = self.known()
        if tokens is None:
            raise LoginNeeded("the bot's account is not connected")
        left_s = tokens.expires_at - self._clock()
        if left_s > _EARLY_S:
            return tokens.access
        try:
            return self.renewed(tokens.access)
        except XError as fault:
            if left_s <= 0:
                raise
            _log.warning(
                "token_not_renewed",
                left_s=left_s,
                error=fault.detail,
                action="use the current token, retry with the next call",
            )
            return tokens.access

    def renewed(self, stale: str) -> str:
        """Return an access token that is newer than `stale`. Raises `LoginNeeded`, `XError`."""
        deadline = self._clock() + self._lock_s
        while self._clock() < deadline:
            tokens = self.known()
            if tokens is not None and tokens.access != stale:
                return tokens.access
            # A crash while renewing frees the lock after its time; the next one tries the same pair.
            if self._store.set_if_absent(_LOCK, "held", ttl_s=self._lock_s):
                try:
                    return self._renew(stale)
                finally:
                    self._store.delete(_LOCK)
            self._sleep(_LOOK_S)
        raise XError("another process is renewing the token for too long")

    def store(self, tokens: Tokens) -> None:
        """Store the tokens of a login."""
        self._store.put(_KEY, _pack(tokens))

    def exchange(self, **form: str) -> Tokens:
        """Ask X's token endpoint. Raises `XError`."""
        if self._settings.client_id is None:
            raise LoginNeeded("SUISAI_X_CLIENT_ID is not set")
        secret = self._settings.client_secret
        auth = (self._settings.client_id, secret.get_secret_value()) if secret else None
        answer = self._session.request(
            "POST",
            self._settings.api_url.rstrip("/") + TOKEN_ROUTE,
            data={"client_id": self._settings.client_id, **form},
            auth=auth,
        )
        return self._tokens(answer)

    def _renew(self, stale: str) -> str:
        stored = self._store.get(_KEY)
        tokens = _unpack(stored) if stored else None
        if stored is None or tokens is None:
            raise LoginNeeded("the bot's account is not connected")
        if tokens.access != stale:
            return tokens.access
        try:
            fresh = self.exchange(grant_type="refresh_token", refresh_token=tokens.refresh)
        except (XUnauthorised, XForbidden, XRefused) as fault:
            # X says 400 where a refresh token was used before or taken back.
            raise LoginNeeded(f"X does not renew the login ({fault.detail})") from fault
        # Where none comes along the old one goes on (RFC 6749, section 6).
        kept = fresh if fresh.refresh else replace(fresh, refresh=tokens.refresh)
        self._keep(stored, kept)
        return kept.access

    def _keep(self, stored: str, fresh: Tokens) -> None:
        """Replace the old pair by the new one, unless the operator logged in meanwhile."""
        deadline = self._clock() + _STORING_S
        while True:
            try:
                self._store.compare_and_set(_KEY, stored, _pack(fresh))
            except StoreError:
                if self._clock() >= deadline:
                    raise
                self._sleep(_LOOK_S)
            else:
                return

    def _tokens(self, answer: requests.Response) -> Tokens:
        body = answer.json() if answer.content else None
        if not isinstance(body, Mapping) or not body.get("access_token"):
            raise XUnknownOutcome("X answered without a token")
        return Tokens(
            access=str(body["access_token"]),
            refresh=str(body.get("refresh_token") or ""),
            expires_at=self._clock() + _seconds(body.get("expires_in")),
            scopes=tuple(str(body.get("scope") or "").split()),
        )


def _seconds(lifetime: object) -> float:
    """Return how long a token lasts: X's two hours, unless X tells otherwise in a number."""
    return float(lifetime) if isinstance(lifetime, int | float) and lifetime > 0 else _LASTS_S


def _pack(tokens: Tokens) -> str:
    return json.dumps([tokens.access, tokens.refresh, tokens.expires_at, tokens.scopes])


def _unpack(stored: str) -> Tokens:
    access, refresh, expires_at, scopes = json.loads(stored)
    return Tokens(access, refresh, float(expires_at), tuple(scopes))
