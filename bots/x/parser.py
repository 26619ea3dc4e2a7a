"""Parses X's JSON, in either vocabulary, into the bot's posts and messages.

Parsing is lenient: a field of the wrong type counts as missing, and an object without a required field is
left out of its list.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeAlias, TypeVar

from pydantic import (
    AliasChoices,
    AliasPath,
    BaseModel,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticUseDefault

from bots.x.models import Media, Mention, Message, MessagePage, Post, PostPage

Json: TypeAlias = Mapping[str, Any]
T = TypeVar("T")

# X kept some codes that ISO 639 gave up in 1989.
_LANGUAGES = MappingProxyType({"in": "id", "iw": "he"})
_KINDS = frozenset({"photo", "video", "animated_gif"})


def _or_default(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    try:
        return handler(value)
    except ValidationError:
        raise PydanticUseDefault from None


def _readable(value: object, handler: ValidatorFunctionWrapHandler) -> list[Any]:
    """Keep the readable items of a list; a single object counts as a list of one."""
    items = [value] if isinstance(value, Mapping) else value if isinstance(value, list) else []
    found: list[Any] = []
    for item in items:
        try:
            found += handler([item])
        except ValidationError:
            continue
    return found


Lenient = Annotated[T, WrapValidator(_or_default)]
Many = Annotated[list[T], WrapValidator(_readable), Field(default_factory=list)]
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$", strict=True)]
"""One of X's ids, which other code may count on."""
Index = Annotated[int, Field(ge=0, strict=True)]


class _Named(BaseModel):
    start: Index
    end: Index
    id: Lenient[str] = ""
    username: Lenient[str] = ""


class _Note(BaseModel):
    """The full text of a post of more than 280 characters."""

    text: Lenient[str] = ""
    mentions: Many[_Named] = Field(validation_alias=AliasPath("entities", "mentions"))


class _Reference(BaseModel):
    type: str
    id: Id


class _Post(BaseModel):
    id: Id
    author_id: Lenient[Id | None] = None
    text: Lenient[str] = ""
    conversation_id: Lenient[Id | None] = None
    lang: Lenient[str] = ""
    in_reply_to_user_id: Lenient[Id | None] = None
    display_text_range: Lenient[tuple[Index, Any] | None] = None
    mentions: Many[_Named] = Field(validation_alias=AliasPath("entities", "mentions"))
    note: Lenient[_Note] = Field(
        default_factory=lambda: _Note.model_validate({}),
        validation_alias=AliasChoices("note_tweet", "note_post"),
    )
    references: Many[_Reference] = Field(
        validation_alias=AliasChoices("referenced_tweets", "referenced_posts")
    )
    history: Many[Id] = Field(
        validation_alias=AliasChoices("edit_history_tweet_ids", "edit_history_post_ids")
    )
    media_keys: Many[str] = Field(validation_alias=AliasPath("attachments", "media_keys"))


class _Media(BaseModel):
    media_key: str = Field(min_length=1)
    type: str
    url: Lenient[str | None] = None
    preview_image_url: Lenient[str | None] = None


class _User(BaseModel):
    id: Id
    label: Lenient[str] = Field("", validation_alias=AliasPath("affiliation", "description"))


class _Includes(BaseModel):
    posts: Many[_Post] = Field(validation_alias=AliasChoices("tweets", "posts"))
    media: Many[_Media]
    users: Many[_User]

    def media_by_key(self) -> dict[str, Media]:
        """Return the usable media by key."""
        known = [each for each in self.media if each.type in _KINDS]
        return {each.media_key: _media(each) for each in known}

    def automated(self) -> frozenset[str]:
        """X labels automated accounts by an affiliation that is called so."""
        return frozenset(user.id for user in self.users if "automated" in user.label.lower())


class _ListAnswer(BaseModel):
    """The common fields of all responses that contain a list."""

    includes: Lenient[_Includes] = Field(default_factory=lambda: _Includes.model_validate({}))
    next_token: Lenient[str | None] = Field(None, validation_alias=AliasPath("meta", "next_token"))


class _Posts(_ListAnswer):
    data: Many[_Post]


class _Event(BaseModel):
    id: Id
    sender_id: Id
    event_type: Any = None
    dm_conversation_id: Lenient[str] = ""
    text: Lenient[str] = ""
    media_keys: Many[str] = Field(validation_alias=AliasPath("attachments", "media_keys"))


class _Events(_ListAnswer):
    data: Many[_Event]


class _OldMedia(BaseModel):
    id_str: Lenient[str] = ""
    type: Lenient[str] = ""
    url: Lenient[str] = Field("", validation_alias=AliasChoices("media_url_https", "media_url"))


class _OldEvent(BaseModel):
    """A direct message in the format of X's API 1.1, as webhooks deliver it."""

    id: Id
    sender: Id = Field(validation_alias=AliasPath("message_create", "sender_id"))
    recipient: Id = Field(validation_alias=AliasPath("message_create", "target", "recipient_id"))
    text: Lenient[str] = Field(
        "", validation_alias=AliasPath("message_create", "message_data", "text")
    )
    media: Lenient[_OldMedia] = Field(
        default_factory=lambda: _OldMedia.model_validate({}),
        validation_alias=AliasPath("message_create", "message_data", "attachment", "media"),
    )


class _OldEvents(BaseModel):
    direct_message_events: Many[_OldEvent]
    users: Any = None


def read_page(payload: Json) -> PostPage:
    """Parse a response with posts (many, one, or none) and the included objects."""
    read = _Posts.model_validate(payload)
    media = read.includes.media_by_key()
    around = {each.id: _post(each, media, {}) for each in read.includes.posts}
    return PostPage(
        posts=tuple(_post(each, media, around) for each in read.data),
        around=around,
        automated=read.includes.automated(),
        expanded_accounts=frozenset(user.id for user in read.includes.users),
        next_token=read.next_token or None,
    )


def read_messages(payload: Json) -> MessagePage:
    """Parse a response with direct message events; events that are not messages are left out."""
    read = _Events.model_validate(payload)
    media = read.includes.media_by_key()
    events = [each for each in read.data if each.event_type in (None, "MessageCreate")]
    return MessagePage(
        messages=tuple(_message(event, media) for event in events),
        next_token=read.next_token or None,
        automated=read.includes.automated(),
        expanded_accounts=frozenset(user.id for user in read.includes.users),
    )


def read_delivered_messages(payload: Json) -> MessagePage:
    """Parse the payload of a `dm.received` delivery."""
    read = _OldEvents.model_validate(payload)
    users = [each.get("data") for each in _values(read.users) if isinstance(each, Mapping)]
    return MessagePage(
        messages=tuple(_delivered_message(event) for event in read.direct_message_events),
        automated=_Includes.model_validate({"users": users}).automated(),
    )


def _post(read: _Post, media: Mapping[str, Media], around: Mapping[str, Post]) -> Post:
    parents = {each.type: each.id for each in read.references}
    parent = around.get(parents.get("replied_to", ""))
    return Post(
        id=read.id,
        author=read.author_id or "",
        text=read.note.text or read.text,
        conversation=read.conversation_id or read.id,
        first_id=next(iter(read.history), read.id),
        language=_LANGUAGES.get(read.lang, read.lang) or "und",
        replies_to=parents.get("replied_to"),
        replies_to_author=read.in_reply_to_user_id or (parent.author if parent else None),
        quotes=parents.get("quoted"),
        reposts=parents.get("retweeted"),
        shown_from=read.display_text_range[0] if read.display_text_range else None,
        mentions=_mentions(read),
        media=tuple(media[key] for key in read.media_keys if key in media),
        media_missing=any(key not in media for key in read.media_keys),
    )


def _mentions(read: _Post) -> tuple[Mention, ...]:
    found: dict[int, Mention] = {}
    for each in (*read.mentions, *read.note.mentions):
        found.setdefault(each.start, Mention(each.start, each.end, each.id, each.username))
    return tuple(found.values())


def _media(read: _Media) -> Media:
    picture = read.url if read.type == "photo" else read.preview_image_url
    return Media(read.media_key, read.type, picture or None)


def _message(read: _Event, media: Mapping[str, Media]) -> Message:
    return Message(
        id=read.id,
        conversation=read.dm_conversation_id,
        sender=read.sender_id,
        text=read.text,
        media=tuple(media[key] for key in read.media_keys if key in media),
        media_keys=tuple(read.media_keys),
    )


def _delivered_message(read: _OldEvent) -> Message:
    key, kind = read.media.id_str, read.media.type
    return Message(
        id=read.id,
        conversation="-".join(sorted((read.sender, read.recipient), key=int)),
        sender=read.sender,
        text=read.text,
        media=(Media(key, kind, read.media.url or None),) if kind in _KINDS else (),
        media_keys=(key,) if key else (),
    )


def _values(value: object) -> list[Any]:
    return list(value.values()) if isinstance(value, Mapping) else []
