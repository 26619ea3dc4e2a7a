"""`suisai x webhook`: the webhooks of the app and their subscriptions, as X stores them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.listener.webhook import PATH
from bots.x.session import TWEEPY_HOST
from pipeline.errors import UserFacingError

_POSTS = ("post.mention.create", "post.reply.create")

_MESSAGES = ("dm.received",)

_REACHABLE = (
    "It must reach the web process over public HTTPS without a port, with SUISAI_X_WEBHOOKS=true and "
    "SUISAI_X_CONSUMER_SECRET set there."
)

_ALLOWED = (
    "The app must have been allowed by the bot's account: run `suisai x login` again, and see in X's "
    "Developer Console whether your plan has the X Activity API."
)


class NotDelivered(UserFacingError):
    """The webhook does not work as intended; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Hook:
    """An address that X delivers to."""

    id: str
    url: str
    valid: bool
    """X's last challenge was answered."""
    events: tuple[str, ...] = ()
    """What it delivers there of the bot's account."""


class WebhookAdmin:
    """Reads and changes X's list with the app's own key. Methods raise `NotDelivered`."""

    def __init__(self, x: XClient) -> None:
        self._x = x

    def hooks(self) -> list[Hook]:
        """Return all addresses of the app with the events of the bot's account."""
        subscribed = self._subscriptions()
        found = self._asked("GET", "/2/webhooks").get("data") or []
        return [
            Hook(
                each["id"],
                each["url"],
                bool(each.get("valid")),
                tuple(
                    sub["event_type"] for sub in subscribed if sub.get("webhook_id") == each["id"]
                ),
            )
            for each in found
        ]

    def start(self, address: str) -> Hook:
        """Let X deliver mentions, replies, and messages if the bot answers them, to this server.

        Refusals by X are reported after everything else is subscribed.
        """
        url = address.rstrip("/") + ("" if urlsplit(address).path.strip("/") else PATH)
        known = next((hook for hook in self.hooks() if hook.url == url), None)
        hook = known or self._registered(url)
        refused: list[str] = []
        for event in _POSTS + (_MESSAGES if self._x.settings.direct_messages else ()):
            if event not in hook.events:
                try:
                    self._subscribe(event, hook.id)
                except NotDelivered as why:
                    refused.append(str(why))
        if refused:
            raise NotDelivered("\n".join(refused))
        return next(each for each in self.hooks() if each.id == hook.id)

    def stop(self) -> int:
        """Remove all webhooks of the app; return how many there were."""
        hooks = [hook for hook in self.hooks() if urlsplit(hook.url).path == PATH]
        ids = {hook.id for hook in hooks}
        subscribed = [s["subscription_id"] for s in self._subscriptions() if s["webhook_id"] in ids]
        if subscribed:
            self._asked("DELETE", "/2/activity/subscriptions", params={"ids": ",".join(subscribed)})
        for hook in hooks:
            self._asked("DELETE", f"/2/webhooks/{hook.id}")
        return len(hooks)

    def _registered(self, url: str) -> Hook:
        made = self._asked("POST", "/2/webhooks", json={"url": url}, advice=_REACHABLE)["data"]
        return Hook(made["id"], made["url"], bool(made["valid"]))

    def _subscribe(self, event: str, hook: str) -> None:
        wish = {"event_type": event, "filter": {"user_id": self._me()}, "webhook_id": hook}
        # These events are private: X gives them to who holds the account's own token, not the app's.
        with _explained(f"{event} is not delivered", _ALLOWED):
            self._x.send("POST", "/2/activity/subscriptions", json=wish)

    def _subscriptions(self) -> list[dict[str, Any]]:
        listed = self._asked("GET", "/2/activity/subscriptions").get("data") or []
        me = self._me()
        return [each for each in listed if (each.get("filter") or {}).get("user_id") == me]

    def _me(self) -> str:
        with _explained("the bot's account is not known", "Run `suisai x login`."):
            return self._x.me().id

    def _asked(
        self,
        method: str,
        route: str,
        params: Mapping[str, str] | None = None,
        json: Mapping[str, object] | None = None,
        advice: str = "See whether SUISAI_X_APP_BEARER is the app's bearer token of today.",
    ) -> dict[str, Any]:
        bearer = self._x.settings.app_bearer
        if bearer is None:
            raise NotDelivered(
                "Set SUISAI_X_APP_BEARER to the app's bearer token, which the Developer Console shows."
            )
        url, signed = TWEEPY_HOST + route, {"Authorization": f"Bearer {bearer.get_secret_value()}"}
        with (
            _explained(f"{method} {route}", advice),
            self._x.session.request(
                method, url, headers=signed, params=params, json=json
            ) as answer,
        ):
            said: dict[str, Any] = answer.json() if answer.content else {}
            return said


@contextmanager
def _explained(what: str, advice: str) -> Iterator[None]:
    try:
        yield
    except XError as error:
        raise NotDelivered(f"{what}: X says: {error.detail}. {advice}") from error
