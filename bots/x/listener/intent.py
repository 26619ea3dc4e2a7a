"""Decides what a post asks of the bot: which photos, or which painting. Pure functions."""

from __future__ import annotations

import html
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

from bots.x.models import Account, Mention, Post
from tasks.models import PhotoRef

PHOTOS_MAX = 4

_SHOWS_ANSWER = "shows-answer"

ParentPhotos: TypeAlias = Literal["anyone", "same-author", "never"]


@dataclass(frozen=True, slots=True)
class ThreadContext:
    """Posts and accounts around a post that decide what it means."""

    me: Account
    posts: Mapping[str, Post | None]
    """Other posts by id; None: looked up, and not available."""
    answers: Set[str] = frozenset()
    """Ids of the bot's own answers among the posts that are replied to."""
    parent_photos: ParentPhotos = "anyone"
    ignored: Set[str] = frozenset()
    """Accounts that are never answered: automated ones, and those that the operator named."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """The post does not ask the bot for anything: `own`, `repost`, `bot`, `inherited`."""

    why: str


@dataclass(frozen=True, slots=True)
class NeedsPost:
    """The intent cannot be decided without this other post."""

    id: str


@dataclass(frozen=True, slots=True)
class PaintThese:
    """The bot was asked to paint these photos."""

    photos: tuple[PhotoRef, ...]
    words: str


@dataclass(frozen=True, slots=True)
class AboutAnswer:
    """Somebody replied to one of the bot's answers, or quoted it."""

    answer: str
    words: str


@dataclass(frozen=True, slots=True)
class NothingToPaint:
    """The bot was asked, but there is no photo that it may paint."""

    why: str
    """`no-photo`, `photo-gone`, `no-still` (a video without a picture), `parent-photos`."""
    words: str


Intent: TypeAlias = Ignored | NeedsPost | PaintThese | AboutAnswer | NothingToPaint


def intent_of(post: Post, around: ThreadContext) -> Intent:
    """Return the intent of a post from the list of mentions."""
    post = around.posts.get(post.id) or post
    if why := _beside_the_point(post, around):
        return Ignored(why)
    if _replies_to_bot(post, around) and not _pictures(post):
        return AboutAnswer(post.replies_to or "", text_of_author(post))
    called = calls_by_name(post, around.me, around.posts)
    if isinstance(called, NeedsPost):
        return called
    if not called:
        return Ignored("inherited")
    return _photos_for(post, around)


def calls_by_name(post: Post, me: Account, posts: Mapping[str, Post | None]) -> bool | NeedsPost:
    """Return whether the author wrote the bot's name; False if the reply inherited it.

    Replies inherit the names of everybody in the thread, at the start of their text and before the
    part that people see. Where X does not say where that part begins, names at the start that the
    parent post already had count as inherited.
    """
    names = _mentions_of(me, post)
    if not names or post.replies_to is None:
        return bool(names)
    if post.shown_from is not None:
        return mentions_visibly(post, me)
    leading = _length_of_leading_names(post)
    if any(mention.start >= leading for mention in names):
        return True
    if post.replies_to not in posts:
        return NeedsPost(post.replies_to)
    parent = posts[post.replies_to]
    return parent is not None and parent.author != me.id and not _names(parent, me)


def mentions_visibly(post: Post, me: Account) -> bool:
    """Return whether the bot's name is in the visible part of the text, or X does not tell which part is."""
    return any(mention.start >= (post.shown_from or 0) for mention in _mentions_of(me, post))


def text_of_author(post: Post) -> str:
    """Return the author's text without the names that the reply inherited."""
    return html.unescape(post.text[post.shown_from or 0 :]).strip()


def _beside_the_point(post: Post, around: ThreadContext) -> str:
    if post.author == around.me.id:
        return "own"
    if post.reposts is not None:
        return "repost"
    return "bot" if post.author in around.ignored else ""


def _replies_to_bot(post: Post, around: ThreadContext) -> bool:
    return post.replies_to is not None and (
        post.replies_to in around.answers or post.replies_to_author == around.me.id
    )


def _photos_for(post: Post, around: ThreadContext) -> Intent:
    """Look at the post itself, then at what it replies to, then at what it quotes."""
    if own := _pictures(post):
        return PaintThese(tuple(PhotoRef(url) for url in own), text_of_author(post))
    if post.media_missing and post.id not in around.posts:
        return NeedsPost(post.id)
    why = "no-still" if post.media else "no-photo"
    for source in (post.replies_to, post.quotes):
        if source is None:
            continue
        if source not in around.posts:
            return NeedsPost(source)
        found = _photos_of_other(post, around.posts[source], around)
        if isinstance(found, tuple):
            return PaintThese(found, text_of_author(post))
        if found == _SHOWS_ANSWER:
            return AboutAnswer(source, text_of_author(post))
        why = found or why
    return NothingToPaint(why, text_of_author(post))


def _photos_of_other(
    post: Post, other: Post | None, around: ThreadContext
) -> tuple[PhotoRef, ...] | str:
    """Return the photos of the post that is replied to or quoted, or why there are none."""
    if other is None:
        return "photo-gone"
    if other.author == around.me.id:
        return _SHOWS_ANSWER
    pictures = _pictures(other)
    if not pictures:
        return "no-still" if other.media else ""
    own = other.author == post.author
    allowed = around.parent_photos
    if allowed == "never" or (allowed == "same-author" and not own):
        return "parent-photos"
    owner = None if own else other.author
    return tuple(PhotoRef(url, owner) for url in pictures)


def _pictures(post: Post) -> tuple[str, ...]:
    return tuple(media.picture for media in post.media if media.picture)[:PHOTOS_MAX]


def _length_of_leading_names(post: Post) -> int:
    """Return the index at which the run of @names at the start of the text ends."""
    end = 0
    for mention in sorted(post.mentions, key=lambda mention: mention.start):
        if post.text[end : mention.start].strip():
            break
        end = mention.end
    return end


def _names(post: Post, account: Account) -> bool:
    return bool(_mentions_of(account, post))


def _mentions_of(account: Account, post: Post) -> list[Mention]:
    return [mention for mention in post.mentions if _is(account, mention.user_id, mention.username)]


def _is(account: Account, user_id: str, username: str) -> bool:
    return user_id == account.id or username.lower() == account.username.lower()
