"""Where reading X goes on: what is unread is remembered, and read only after what was read is dealt with.

X lists mentions newest first. A burst has more than one page, and the budget may end before the last one:
so each page is dealt with as it comes, the ranges of ids that are still unread are stored, and the oldest
range is read first, through X's `since_id` and `until_id`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

import structlog
from pydantic import BaseModel, Field

from bots.x.client import XClient
from bots.x.errors import XError, XRefused
from bots.x.models import MessagePage, PostPage
from tasks.kv import KeyValueStore

PAGES_PER_LOOK = 20
"""Pages that one look reads at most; the next look goes on there."""
_HORIZON = 800
"""X lets the newest 800 mentions be read."""
# Each event that is read costs a cent, old ones too: a look is short until there is something new.
_FIRST_MESSAGES = 5
_MORE_MESSAGES = 50
_MESSAGE_PAGES_MAX = 40
_EMPTY_PAGES_MAX = 5
_EPOCH_MS = 1_288_834_974_657
_SKEW_S = 300.0
_LOOK_BACK_EVERY_S = 300.0
_WANTED = 0.7
"""Of a page: how full the next range should be, by how close together the last posts were."""
_PAGE = 100
_PARTS = 16
"""A range is read in no more parts than so many, where its posts are spread evenly."""
_MENTIONS_KEY = "mentions:unread"
_MESSAGES_KEY = "messages:unread"

_log = structlog.get_logger()


class _Listed(Protocol):
    @property
    def next_token(self) -> str | None: ...


P = TypeVar("P", bound=_Listed)


class Unread(BaseModel):
    """What is unread: the ranges between ids that lie before `read_to`, and everything after it."""

    read_to: int
    ranges: list[tuple[int, int]] = Field(default_factory=list)
    """Oldest first; both ends are left out."""
    looked_back_at: float = 0.0
    """When late posts were last looked for, seconds since the epoch."""
    backlog: int = 0
    """Posts read since there was more than a page of them."""
    ids_per_post: float = 0.0
    """How far apart, in ids, the posts of the last full page were; 0: unknown."""

    def read(self, low: int, high: int, oldest: int | None) -> None:
        """Take a range out of the first one: what lies at `oldest` or after it and before `high` is read.

        `oldest` is None where nothing of the range is left.
        """
        _, end = self.ranges.pop(0)
        rest = [] if oldest is None else [(low, oldest)]
        after = [(high - 1, end)] if high < end else []
        self.ranges = [each for each in (*rest, *after) if each[1] - each[0] > 1] + self.ranges


class MentionCursor:
    """Reads the mentions that were not dealt with, oldest first where there are many."""

    def __init__(
        self, x: XClient, store: KeyValueStore, now: Callable[[], float], look_back_s: float = 0.0
    ) -> None:
        self._x = x
        self._store = store
        self._now = now
        self._look_back_s = look_back_s

    def advance(self, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read what is unread, page by page; `take` deals with each. Return the number of posts.

        The first time nothing is answered: what was said before the bot was there is past. Raises what `take`
        and the calls to X raise: what was dealt with before stays so.
        """
        unread = self._load()
        if unread is None:
            self._begin()
            return 0
        count = 0
        for _ in range(PAGES_PER_LOOK):
            read = self._read_next(unread, take)
            count += read
            if not unread.ranges:
                break
        return count

    def _begin(self) -> None:
        newest = self._x.mentions(None, None, at_most=5).posts
        # Where X lists nothing there is no past: clocks that differ must not hide what comes.
        ids = [int(post.id) for post in newest] or [id_at(self._now() - _SKEW_S)]
        self._save(Unread(read_to=max(ids), looked_back_at=self._now()))

    def _read_next(self, unread: Unread, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read one page of the oldest range, or of what is new."""
        if not unread.ranges:
            return self._read_new(unread, take)
        low, end = unread.ranges[0]
        high = min(end, low + self._width(unread, end - low))
        page = self._page(low, high)
        take([page])
        self._note_density(unread, page, high - low)
        unread.read(low, high, _oldest(page, low, high))
        self._note_backlog(unread, page)
        self._save(unread)
        return len(page.posts)

    def _read_new(self, unread: Unread, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read the newest page. Where it is not all that is new, the oldest is dealt with first.

        X bills a post once a day: the page that was read ahead costs nothing when its turn comes.
        """
        low, looks_back = unread.read_to, self._look_back_is_due(unread)
        if looks_back:
            low = min(low, id_at(self._now() - self._look_back_s))
        page = self._page(low, None)
        newest = max((int(post.id) for post in page.posts), default=low)
        has_more = _oldest(page, low, newest + 1) is not None
        if has_more:
            unread.ranges.append((low, newest + 1))
            self._note_density(unread, page, newest + 1 - low)
        else:
            take([page])
        unread.read_to = max(unread.read_to, newest)
        if looks_back:
            unread.looked_back_at = self._now()
        self._save(unread)
        return 0 if has_more else len(page.posts)

    def _load(self) -> Unread | None:
        stored = self._store.get(_MENTIONS_KEY)
        return Unread.model_validate_json(stored) if stored else None

    def _save(self, unread: Unread) -> None:
        self._store.put(_MENTIONS_KEY, unread.model_dump_json())

    def _look_back_is_due(self, unread: Unread) -> bool:
        """Return whether to look for posts that X listed late: it does so at times, after newer ones."""
        return self._look_back_s > 0 and self._now() - unread.looked_back_at >= _LOOK_BACK_EVERY_S

    def _page(self, low: int, high: int | None) -> PostPage:
        """Read the newest page of a range that is not empty: X sends empty pages before others."""
        until, page, token = None if high is None else str(high), PostPage(()), None
        for _ in range(_EMPTY_PAGES_MAX):
            page = self._x.mentions(str(low), token, until_id=until)
            if page.posts or page.next_token in (None, token):
                break
            token = page.next_token
        return page

    def _width(self, unread: Unread, whole: int) -> int:
        """Return how wide a range to read, in ids, so that it should hold most of a page.

        X lists eight pages at most: a part of the whole that holds half a page of evenly spread posts is not
        too wide, and it keeps a burst after a silence from taking many calls to find.
        """
        if not unread.ids_per_post:
            return whole
        return max(2, int(_WANTED * _PAGE * unread.ids_per_post), whole // _PARTS)

    def _note_backlog(self, unread: Unread, page: PostPage) -> None:
        """Say when so many were unread that X may not have listed them all."""
        before = unread.backlog
        unread.backlog = before + len(page.posts) if unread.ranges else 0
        if before < _HORIZON - _PAGE <= unread.backlog:
            _log.error(
                "mentions_beyond_horizon",
                read=unread.backlog,
                reason="X lists only the newest 800; older ones get no answer",
            )

    def _note_density(self, unread: Unread, page: PostPage, width: int) -> None:
        """Note how far apart posts are, from a page of a range that is `width` ids wide."""
        ids = [int(post.id) for post in page.posts]
        if page.next_token and len(ids) > 1:
            unread.ids_per_post = (max(ids) - min(ids)) / (len(ids) - 1)
        elif not ids:
            # The next range is so many times wider than this one: one empty page is the most in a row.
            unread.ids_per_post = _PARTS * width / (_WANTED * _PAGE)
        elif len(ids) < _WANTED * _PAGE / 3:
            unread.ids_per_post *= 3


def unread_since(store: KeyValueStore) -> float | None:
    """Return the time of the oldest mention that may be unread though X listed it, None for none."""
    stored = store.get(_MENTIONS_KEY)
    ranges = Unread.model_validate_json(stored).ranges if stored else []
    return time_of(ranges[0][0]) if ranges else None


class _Gap(BaseModel):
    """Older messages that are unread: the next page of them, and the message at which they end."""

    token: str
    down_to: int


class _Messages(BaseModel):
    """Where reading messages goes on."""

    since: int
    gaps: list[_Gap] = Field(default_factory=list)


class MessageCursor:
    """Reads the direct messages that were not dealt with.

    X has no `since_id` here: pages come newest first. Where the first one does not reach what is known, the
    rest is a gap whose next page is remembered.
    """

    def __init__(self, x: XClient, store: KeyValueStore) -> None:
        self._x = x
        self._store = store

    def advance(self, take: Callable[[Iterable[MessagePage]], object]) -> int:
        """As for mentions; returns the number of calls that it took."""
        stored = self._store.get(_MESSAGES_KEY)
        if stored is None:
            newest = self._x.messages(None, 1).messages
            self._save(_Messages(since=max((int(each.id) for each in newest), default=0)))
            return 1
        state = _Messages.model_validate_json(stored)
        self._read_new(state, take)
        calls = 1
        while state.gaps and calls < _MESSAGE_PAGES_MAX:
            self._read_gap(state, take)
            calls += 1
        return calls

    def _read_new(self, state: _Messages, take: Callable[[Iterable[MessagePage]], object]) -> None:
        page = self._x.messages(None, _FIRST_MESSAGES)
        take([_newer(page, state.since)])
        if page.next_token and not _reaches(page, state.since):
            state.gaps.append(_Gap(token=page.next_token, down_to=state.since))
        state.since = max([state.since, *(int(each.id) for each in page.messages)])
        self._save(state)

    def _read_gap(self, state: _Messages, take: Callable[[Iterable[MessagePage]], object]) -> None:
        gap = state.gaps[-1]
        try:
            page = self._x.messages(gap.token, _MORE_MESSAGES)
        except XRefused as fault:
            # A remembered page that X no longer knows must not keep the bot from all others.
            _log.error("messages_unreadable", detail=fault.detail, action="skip")
            state.gaps.pop()
            self._save(state)
            return
        take([_newer(page, gap.down_to)])
        if page.next_token in (None, gap.token) or _reaches(page, gap.down_to):
            state.gaps.pop()
        else:
            gap.token = page.next_token
        self._save(state)

    def _save(self, state: _Messages) -> None:
        self._store.put(_MESSAGES_KEY, state.model_dump_json())


def pages(read: Callable[[str | None], P], most: int = 40) -> Iterator[P]:
    """Yield the pages of a list. Raises `XError` where X names a page twice, or more than `most`."""
    token: str | None = None
    seen: set[str | None] = {None}
    for _ in range(most):
        page = read(token)
        yield page
        token = page.next_token
        if token is None:
            return
        if token in seen:
            raise XError("X names the same next page again and again")
        seen.add(token)
    raise XError(f"X lists more than {most} pages")


def time_of(id_: int | str) -> float:
    """Return when X gave out an id, seconds since the epoch."""
    return ((int(id_) >> 22) + _EPOCH_MS) / 1000


def id_at(now: float) -> int:
    """Return the smallest id that X gives out at a time: ids begin with their milliseconds."""
    return max(0, int(now * 1000) - _EPOCH_MS) << 22


def _oldest(page: PostPage, low: int, high: int) -> int | None:
    """Return where the unread rest of a range ends, None where nothing of it is left."""
    ids = [int(post.id) for post in page.posts]
    if not ids or not page.next_token:
        return None
    return min(ids) if low < min(ids) < high else None


def _newer(page: MessagePage, since: int) -> MessagePage:
    new = tuple(message for message in page.messages if int(message.id) > since)
    return MessagePage(new, page.next_token, page.automated)


def _reaches(page: MessagePage, since: int) -> bool:
    return any(int(message.id) <= since for message in page.messages)
