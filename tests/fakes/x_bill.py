"""What X would charge for a row of answers, by its price list: each resource once, each write once.

One UTC day is assumed: in it X charges a resource when it first sends it, also one that only came along.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.fakes.x_asked import Asked

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


def bill(answered: Iterable[tuple[Asked, int, Any]]) -> Counter[str]:
    """Return how many of each item of the price list these answers come to."""
    charged: Counter[str] = Counter()
    seen: set[tuple[bool, str]] = set()
    for asked, status, body in answered:
        if status >= 300 or not isinstance(body, Mapping):
            continue
        charged.update(what for pattern, what in _WRITES if re.fullmatch(pattern, asked.name))
        for what, id_ in _resources(asked, body):
            resource = (what == "account", id_)
            charged[what] += resource not in seen
            seen.add(resource)
    return +charged


def dollars(charged: Mapping[str, int], prices: Mapping[str, float]) -> float:
    """Return what these items cost together."""
    return sum(count * prices[what] for what, count in charged.items())


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
