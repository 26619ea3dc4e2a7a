"""Cursors for reading X: they store what is unread, and move on only after what was read is handled.

X lists mentions newest first, and who asked first is to be answered first. So where one page does not hold
all that is new, the ranges of ids that are unread are stored, and the oldest range is read first, through X's
`since_id` and `until_id`, in parts that should fit into a page. How wide a part may be is measured: by how
far apart the posts of earlier pages were, and by how many posts the budget can pay for and answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

import structlog
from pydantic import BaseModel, Field

from bots.x.client import MENTIONS_LEAST, MENTIONS_MOST, XClient
from bots.x.errors import XError, XRefused
from bots.x.models import MessagePage, PostPage
from tasks.kv import KeyValueStore

_HORIZON = 800
"""X lets the newest 800 mentions be read (its documentation of the mentions timeline)."""
_WANTED = 0.7
"""How full a page should be. Of posts that come independently of each other, 70 where 100 fit are too many
once in 2,500 pages (Poisson)."""
PAGES_PER_LOOK = 100
"""Pages that one look reads at most; the next look goes on there. All 800 take 12 pages, the search for where
a burst begins some dozens. X allows 300 calls in 15 minutes."""
_GROWTH = 8
"""How much narrower the parts become after one that is too full, and how much wider after an empty one. An
empty page costs only a call, a full one money: parts of one width find a beginning cheaper than halving does.
"""
_AHEAD_MAX = 8
"""Parts in a row that are looked into and put off because older posts come first: so many narrow a day down
to 5 ms. Each costs the smallest page, and nothing more when its turn comes on the same day."""
_EMPTY_PAGES_MAX = 5
"""X sends empty pages that name a next one, where what they held is gone or hidden; more in a row were not
reported."""
_SKEW_S = 300.0
"""How far this clock and X's may be apart, where an id is derived from the time."""
_LOOK_BACKS = 6
"""How often late posts are looked for within the period that is looked back: by default every five minutes.
Each time costs a call, and X does not bill the same post twice on a day."""
_FIRST_MESSAGES = 5
"""Each message event that was not read on this day costs a cent, old ones too: a look is short until there is
something new."""
_MORE_MESSAGES = 50
"""Half of X's largest page: what a page may cost is reserved before the call."""
_MESSAGE_PAGES_MAX = 14
"""X allows 15 calls in 15 minutes."""
_EPOCH_MS = 1_288_834_974_657
"""Ids of X begin with the milliseconds since this time (Twitter's Snowflake)."""
_MENTIONS_KEY = "mentions:unread"
_MESSAGES_KEY = "messages:unread"

_log = structlog.get_logger()


class _Paged(Protocol):
    @property
    def next_token(self) -> str | None: ...


P = TypeVar("P", bound=_Paged)


class Range(NamedTuple):
    """Two ids between which posts are unread; both are left out."""

    low: int
    high: int
    spacing: float = 0.0
    """How far apart its posts are thought to be, in ids; 0: so far that they fit into one page."""


class Unread(BaseModel):
    """What is unread: the ranges between ids that lie before `read_to`, and everything after it."""

    read_to: int
    ranges: list[Range] = Field(default_factory=list)
    """Oldest first."""
    looked_at: float = 0.0
    """When everything that X listed was read, seconds since the epoch."""
    looked_back_at: float = 0.0
    """When late posts were last looked for, seconds since the epoch."""
    backlog: int = 0
    """Posts read since there was more than a page of them."""
    spacing: float = 0.0
    """How far apart, in ids, the posts of the last full page were; 0: there was none."""
    ahead: int = 0
    """Pages in a row that were put off because older posts come first."""

    def replace_first(self, *ranges: Range) -> None:
        """Put these in the place of the first range; those that hold no id are left out."""
        self.ranges = [each for each in ranges if each.high - each.low > 1] + self.ranges[1:]


class MentionCursor:
    """Reads the mentions that were not handled yet, oldest first if there are many."""

    def __init__(
        self, x: XClient, store: KeyValueStore, now: Callable[[], float], look_back_s: float = 0.0
    ) -> None:
        self._x = x
        self._store = store
        self._now = now
        self._look_back_s = look_back_s

    def advance(self, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read what is unread, page by page; `take` handles each. Return the number of posts.

        The first call only notes the newest post: earlier ones are not answered. Raises what `take` and the
        calls to X raise; what was handled before remains so.
        """
        unread = self._load()
        if unread is None:
            self._begin()
            return 0
        count = 0
        for _ in range(PAGES_PER_LOOK):
            read = self._read_oldest if unread.ranges else self._read_new
            count += read(unread, take)
            self._save(unread)
            if not unread.ranges:
                break
        return count

    def _begin(self) -> None:
        newest = self._x.mentions(None, None, at_most=MENTIONS_LEAST).posts
        # If X lists nothing, begin a little before now: clocks that differ must not hide new posts.
        now = self._now()
        ids = [int(post.id) for post in newest] or [id_at(now - _SKEW_S)]
        self._save(Unread(read_to=max(ids), looked_at=now, looked_back_at=now))

    def _read_new(self, unread: Unread, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read the newest page; where older posts are unread, put it off and note their range.

        X bills a post once a day: a page that is put off costs nothing when its turn comes.
        """
        low, now = unread.read_to, self._now()
        if looks_back := self._look_back_is_due(unread, now):
            low = min(low, id_at(now - self._look_back_s))
        page = self._page(low, None, MENTIONS_MOST)
        newest = max((int(post.id) for post in page.posts), default=low)
        oldest = _oldest(page, low, newest + 1)
        put_off = oldest is not None and self._x.mentions_affordable() > 0
        if oldest is None:
            take([page])
            unread.looked_at = now
        elif put_off:
            unread.spacing = _spacing(page, newest - low)
            unread.ranges = self._ranges(unread, low, newest + 1)
        else:
            # The budget allows only one page: answering the newest posts is better than answering none.
            take([page])
            unread.ranges = [Range(low, oldest)]
        unread.read_to = max(unread.read_to, newest)
        if looks_back:
            unread.looked_back_at = now
        return 0 if put_off else len(page.posts)

    def _ranges(self, unread: Unread, low: int, high: int) -> list[Range]:
        """Split a range that is too full for one page where the last look saw nothing new.

        Before that lie at most posts that X listed late: after a silence the burst begins there.
        """
        looked = id_at(unread.looked_at)
        if low < looked < high - 1:
            return [Range(low, looked), Range(looked - 1, high, unread.spacing)]
        return [Range(low, high, self._narrowed(unread.spacing, high - low, MENTIONS_MOST))]

    def _read_oldest(self, unread: Unread, take: Callable[[Iterable[PostPage]], object]) -> int:
        """Read a part of the oldest range. Where it does not fit into a page, go on with its beginning."""
        low, end, spacing = unread.ranges[0]
        fit = self._x.mentions_affordable() or MENTIONS_LEAST
        width = max(2, int(_WANTED * fit * spacing)) if spacing else end - low
        high = min(end, low + width)
        may_put_off = unread.ahead < _AHEAD_MAX
        # A part that may hold far more than a page is only looked into.
        is_search = may_put_off and high - low > 2 * _WANTED * fit * unread.spacing
        page = self._page(low, high, MENTIONS_LEAST if is_search else fit)
        oldest = _oldest(page, low, high)
        if oldest is not None and not (is_search and unread.spacing):
            unread.spacing = _spacing(page, high - low)
        if oldest is not None and may_put_off and self._x.mentions_affordable():
            unread.ahead += 1
            unread.replace_first(
                Range(low, oldest, self._narrowed(unread.spacing, oldest - low, fit)),
                Range(oldest - 1, high),
                Range(high - 1, end, unread.spacing),
            )
            return 0
        take([page])
        if oldest is not None:
            rest = (Range(low, oldest, unread.spacing), Range(high - 1, end, unread.spacing))
            unread.replace_first(*rest)
        else:
            unread.replace_first(Range(high - 1, end, self._next(unread, page, high - low, fit)))
        unread.ahead = 0 if page.posts else unread.ahead
        self._note_backlog(unread, page)
        return len(page.posts)

    def _next(self, unread: Unread, page: PostPage, width: int, fit: int) -> float:
        """Return how far apart to take the posts after a part of this width that fitted into a page."""
        if unread.ahead and not page.posts:
            # A search in parts of one width: what comes is known to be too full.
            return width / (_WANTED * fit)
        measured = max(unread.spacing, _spacing(page, 1 << 63))
        return min(_GROWTH * width / (_WANTED * fit), measured)

    def _narrowed(self, spacing: float, width: int, fit: int) -> float:
        """Return how far apart to take the posts of a range that is known to be too full for a page."""
        return max(spacing, width / _GROWTH / (_WANTED * fit))

    def _load(self) -> Unread | None:
        stored = self._store.get(_MENTIONS_KEY)
        return Unread.model_validate_json(stored) if stored else None

    def _save(self, unread: Unread) -> None:
        self._store.put(_MENTIONS_KEY, unread.model_dump_json())

    def _look_back_is_due(self, unread: Unread, now: float) -> bool:
        """Return whether to look for posts that X listed late: it does so at times, after newer ones."""
        return (
            self._look_back_s > 0 and now - unread.looked_back_at >= self._look_back_s / _LOOK_BACKS
        )

    def _page(self, low: int, high: int | None, at_most: int) -> PostPage:
        """Read the newest page of a range that is not empty: X sends empty pages before others."""
        until, page, token = None if high is None else str(high), PostPage(()), None
        for _ in range(_EMPTY_PAGES_MAX):
            page = self._x.mentions(str(low), token, at_most, until)
            if page.posts or page.next_token in (None, token):
                break
            token = page.next_token
        return page

    def _note_backlog(self, unread: Unread, page: PostPage) -> None:
        """Say when so many were unread that X may not have listed them all."""
        before = unread.backlog
        unread.backlog = before + len(page.posts) if unread.ranges else 0
        if before < _HORIZON - MENTIONS_MOST <= unread.backlog:
            _log.error(
                "mentions_beyond_horizon",
                read=unread.backlog,
                reason="X lists only the newest 800; older ones get no answer",
            )


def unread_since(store: KeyValueStore) -> float | None:
    """Return the time of the oldest mention that may be unread though X listed it, None for none."""
    stored = store.get(_MENTIONS_KEY)
    unread = Unread.model_validate_json(stored) if stored else None
    if unread is None or not unread.ranges:
        return None
    return max(time_of(unread.ranges[0].low), unread.looked_at)


class _Gap(BaseModel):
    """Older messages that are unread: the next page of them, and the message at which they end."""

    token: str
    """Empty: the newest one."""
    down_to: int
    is_restarted: bool = False


class _Messages(BaseModel):
    """Where reading messages goes on."""

    since: int
    begun: int = 0
    """The newest message when the bot began: older ones get no answer."""
    gaps: list[_Gap] = Field(default_factory=list)


class MessageCursor:
    """Reads the direct messages that were not dealt with.

    X has no `since_id` here: pages come newest first. Where the first one does not reach what is known, the
    rest is a gap whose next page is remembered. Messages of the last `look_back_s` before the newest known
    one are given again, since X lists some late: who takes them knows which were dealt with.
    """

    def __init__(self, x: XClient, store: KeyValueStore, look_back_s: float = 0.0) -> None:
        self._x = x
        self._store = store
        self._look_back_s = look_back_s

    def advance(self, take: Callable[[Iterable[MessagePage]], object]) -> int:
        """As for mentions; returns the number of calls that it took."""
        stored = self._store.get(_MESSAGES_KEY)
        if stored is None:
            newest = self._x.messages(None, 1).messages
            begun = max((int(each.id) for each in newest), default=0)
            self._save(_Messages(since=begun, begun=begun))
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
        take([_newer(page, self._given_from(state))])
        if page.next_token and not _reaches(page, state.since):
            state.gaps.append(_Gap(token=page.next_token, down_to=state.since))
        state.since = max([state.since, *(int(each.id) for each in page.messages)])
        self._save(state)

    def _given_from(self, state: _Messages) -> int:
        """Return the id after which messages are given, those that X may have listed late included."""
        if not self._look_back_s:
            return state.since
        return max(state.begun, id_at(time_of(state.since) - self._look_back_s))

    def _read_gap(self, state: _Messages, take: Callable[[Iterable[MessagePage]], object]) -> None:
        gap = state.gaps[-1]
        try:
            page = self._x.messages(gap.token or None, _MORE_MESSAGES)
        except XRefused as fault:
            # X no longer knows a page that was remembered: the newest ones lead there again, once.
            action = "skip" if gap.is_restarted else "begin at the newest"
            _log.error("messages_unreadable", detail=fault.detail, action=action)
            if gap.is_restarted:
                state.gaps.pop()
            gap.token, gap.is_restarted = "", True
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


def _spacing(page: PostPage, otherwise: float) -> float:
    """Return how far apart the posts of a page are, in ids; `otherwise` where it holds fewer than two."""
    ids = [int(post.id) for post in page.posts]
    return (max(ids) - min(ids)) / (len(ids) - 1) if len(ids) > 1 else otherwise


def _newer(page: MessagePage, since: int) -> MessagePage:
    new = tuple(message for message in page.messages if int(message.id) > since)
    return MessagePage(new, page.next_token, page.automated)


def _reaches(page: MessagePage, since: int) -> bool:
    return any(int(message.id) <= since for message in page.messages)
