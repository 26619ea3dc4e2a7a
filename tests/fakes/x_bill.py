"""What X charges, by its price list of August 2026: each resource once per UTC day, each write that succeeds.

Failed calls are free. Posts and accounts that come along with others ("expansions") are charged as if they
had been asked for, and events that a webhook delivers as what they carry.
"""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.fakes.x_asked import Asked

OWNED_READ = 0.001
USD: Mapping[str, float] = {
    "post": 0.005,
    "account": 0.010,
    "message": 0.010,
    "reply": 0.010,
    "unsummoned_reply": 0.015,
    "deletion": 0.010,
    "message_sent": 0.015,
    "alt_text": 0.005,
}
"""`mention` and `own_post` are owned reads where the account owns the app, else posts as any others."""

_READS = (
    (r"GET /2/users/me", "account"),
    (r"GET /2/users/\d+/mentions", "mention"),
    (r"GET /2/users/\d+/tweets", "own_post"),
    (r"GET /2/tweets", "post"),
    (r"GET /2/dm_.*events", "message"),
)
_WRITES = (
    (r"POST /2/tweets", "reply"),
    (r"DELETE /2/tweets/\d+", "deletion"),
    (r"POST /2/dm_conversations/with/\d+/messages", "message_sent"),
    (r"POST /2/media/metadata", "alt_text"),
)
_ALONG = {"users": "account", "tweets": "post", "posts": "post"}
_OF_POSTS = frozenset({"mention", "own_post", "post"})
_DAY_S = 86_400


class Bill:
    """Charges for responses and deliveries when they are sent."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.owns_app = True
        """The bot's account owns the developer app: its own posts and mentions are cheap."""
        self.charged: Counter[str] = Counter()
        self.dollars = 0.0
        self.by_day: Counter[int] = Counter()
        """Millionths of a dollar by the number of the UTC day."""
        self.clock = clock
        """Decides the day."""
        self._seen: set[tuple[int, str, str]] = set()
        self._lock = threading.Lock()

    def answered(self, asked: Asked, status: int, body: Any) -> None:
        """Charge for a response."""
        if status >= 300 or not isinstance(body, Mapping):
            return
        with self._lock:
            for pattern, what in _WRITES:
                if re.fullmatch(pattern, asked.name):
                    self._charge(asked.billed_as or what)
            for what, id_ in _resources(asked, body):
                self._resource(what, id_)

    def delivered(self, event: str, id_: str) -> None:
        """Charge for an event that was delivered to a webhook."""
        with self._lock:
            self._resource("message" if event == "dm.received" else "post", id_)

    def price(self, what: str) -> float:
        """Return what one of something costs."""
        if what in ("mention", "own_post"):
            return OWNED_READ if self.owns_app else USD["post"]
        return USD[what]

    def _resource(self, what: str, id_: str) -> None:
        kind = "post" if what in _OF_POSTS else what
        resource = (int(self.clock() // _DAY_S), kind, id_)
        if resource not in self._seen:
            self._seen.add(resource)
            self._charge(what)

    def _charge(self, what: str) -> None:
        self.charged[what] += 1
        self.dollars += self.price(what)
        self.by_day[int(self.clock() // _DAY_S)] += round(self.price(what) * 1_000_000)


def _resources(asked: Asked, body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name all that an answer holds; what was asked for goes before what came along."""
    data = body.get("data", [])
    for pattern, what in _READS:
        if re.fullmatch(pattern, asked.name):
            for item in data if isinstance(data, list) else [data]:
                yield what, item["id"]
    for name, what in _ALONG.items():
        for item in body.get("includes", {}).get(name, []):
            yield what, item["id"]
