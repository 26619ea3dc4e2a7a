"""Where reading X goes on: cursors in the notebook, moved only after what lies before is safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import structlog

from bots.x.client import XClient
from bots.x.models import Message, MessagePage, Post, PostPage
from tasks.kv import KeyValueStore

_NEAR_HORIZON = 700
"""X lets the newest 800 mentions be read."""

# Each event that is read costs a cent, old ones too: a look is short until there is something new.
_FIRST_MESSAGES = 5

_MORE_MESSAGES = 50

_EPOCH_MS = 1_288_834_974_657

_SKEW_S = 300.0

_log = structlog.get_logger()


class MentionCursor:
    """Reads the mentions that are newer than the last that were dealt with."""

    def __init__(self, x: XClient, notebook: KeyValueStore, now: Callable[[], float]) -> None:
        self._x = x
        self._notebook = notebook
        self._now = now

    def advance(self, take: Callable[[Iterable[PostPage]], int]) -> int:
        """Read all new pages, let `take` deal with them, then move on; return the number of posts.

        The first time, nothing is answered: what was said before the bot lived is past. Raises
        what `take` and the calls to X raise, and has not moved then.
        """
        since = self._notebook.get("mentions:since")
        if since is None:
            newest = self._x.mentions(None, None, at_most=5).posts
            # Where X lists nothing there is no past: clocks that differ must not hide what comes.
            start = _newest([newest], "0") if newest else str(_id_at(self._now() - _SKEW_S))
            self._notebook.put("mentions:since", start)
            return 0
        pages = list(self._pages(since))
        count = sum(len(page.posts) for page in pages)
        if count >= _NEAR_HORIZON:
            _log.error(
                "mentions come faster than they are read, those before the newest 800 get no answer",
                waiting=count,
            )
        take(pages)
        self._notebook.put("mentions:since", _newest([page.posts for page in pages], since))
        return count

    def _pages(self, since: str) -> Iterable[PostPage]:
        token: str | None = None
        while True:
            page = self._x.mentions(since, token)
            yield page
            token = page.next_token
            if token is None:
                return


class MessageCursor:
    """Reads the direct messages that are newer than the last that were dealt with.

    X has no `since_id` here: pages are read, newest first, until the last known message turns up.
    """

    def __init__(self, x: XClient, notebook: KeyValueStore) -> None:
        self._x = x
        self._notebook = notebook

    def advance(self, take: Callable[[Iterable[MessagePage]], int]) -> int:
        """As for mentions; returns the number of calls that it took."""
        since = self._notebook.get("messages:since")
        if since is None:
            newest = self._x.messages(None, 1).messages
            self._notebook.put("messages:since", _newest([newest], "0"))
            return 1
        pages = list(self._pages(int(since)))
        new = [_newer(page, int(since)) for page in pages]
        take(new)
        self._notebook.put("messages:since", _newest([page.messages for page in new], since))
        return len(pages)

    def _pages(self, since: int) -> Iterable[MessagePage]:
        token: str | None = None
        at_most = _FIRST_MESSAGES
        while True:
            page = self._x.messages(token, at_most)
            yield page
            token, at_most = page.next_token, _MORE_MESSAGES
            if token is None or any(int(message.id) <= since for message in page.messages):
                return


def time_of(id_: str) -> float:
    """Return when X gave out an id, seconds since the epoch."""
    return ((int(id_) >> 22) + _EPOCH_MS) / 1000


def _newer(page: MessagePage, since: int) -> MessagePage:
    new = tuple(message for message in page.messages if int(message.id) > since)
    return MessagePage(new, page.next_token, page.automated)


def _newest(groups: Iterable[Iterable[Post | Message]], otherwise: str) -> str:
    ids = [int(each.id) for group in groups for each in group]
    return str(max([*ids, int(otherwise)]))


def _id_at(now: float) -> int:
    """Return the smallest id that X gives out at a time: ids begin with their milliseconds."""
    return (int(now * 1000) - _EPOCH_MS) << 22
