"""X's posts and messages as the bot uses them, independent of X's vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Account:
    """An account on X."""

    id: str
    username: str


@dataclass(frozen=True, slots=True)
class Mention:
    """An @name in a post's text."""

    start: int
    """Index of the @, in characters of the text as X gives it."""
    end: int
    user_id: str
    username: str


@dataclass(frozen=True, slots=True)
class Media:
    """A photo, video or moving picture of a post or message."""

    key: str
    kind: str
    """`photo`, `video` or `animated_gif`."""
    picture: str | None
    """URL of the photo, or of a video's preview image; None if there is none."""


@dataclass(frozen=True, slots=True)
class Post:
    """One post, in the version in which it was read."""

    id: str
    author: str
    """Empty if it was not requested from X."""
    text: str
    conversation: str
    first_id: str
    """Id of its first version; all edits of a post share it."""
    language: str = "und"
    replies_to: str | None = None
    replies_to_author: str | None = None
    quotes: str | None = None
    reposts: str | None = None
    shown_from: int | None = None
    """Index where the text that people see begins; the @names before it come from the thread."""
    mentions: tuple[Mention, ...] = ()
    media: tuple[Media, ...] = ()
    media_missing: bool = False
    """It has media that this response did not describe."""


@dataclass(frozen=True, slots=True)
class PostPage:
    """One page of posts, newest first, with referenced posts and accounts."""

    posts: tuple[Post, ...]
    around: Mapping[str, Post] = field(default_factory=lambda: MappingProxyType({}))
    """Posts that these refer to, by id, if X included them."""
    automated: frozenset[str] = frozenset()
    """Accounts that carry X's label for automated accounts."""
    expanded_accounts: frozenset[str] = frozenset()
    """Accounts that X included with the posts."""
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One direct message."""

    id: str
    conversation: str
    sender: str
    text: str
    media: tuple[Media, ...] = ()
    media_keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessagePage:
    """One page of direct messages, newest first."""

    messages: tuple[Message, ...]
    next_token: str | None = None
    automated: frozenset[str] = frozenset()
    expanded_accounts: frozenset[str] = frozenset()
