"""X's JSON -> the bot's own posts and messages, in either vocabulary; parsed here and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from bots.x.models import Media, Mention, Message, MessagePage, Post, PostPage

Json: TypeAlias = Mapping[str, Any]

# X kept some codes that ISO 639 gave up in 1989.
_LANGUAGES = MappingProxyType({"in": "id", "iw": "he"})

_ID = re.compile("[0-9]{1,19}")

_KINDS = frozenset({"photo", "video", "animated_gif"})


def read_page(payload: Json) -> PostPage:
    """Read an answer that holds posts (many, one, or none) and what was sent along with them."""
    includes = _mapping(payload.get("includes"))
    media = _media_by_key(includes)
    around = [_post(item, media) for item in _known(includes, "tweets", "posts")]
    by_id = {post.id: post for post in around if post}
    posts = [_post(item, media, by_id) for item in _list(payload.get("data"))]
    return PostPage(
        posts=tuple(post for post in posts if post),
        around=by_id,
        automated=_automated(includes),
        expanded_accounts=frozenset(str(user["id"]) for user in _users(includes)),
        next_token=_text(_mapping(payload.get("meta")).get("next_token")) or None,
    )


def read_messages(payload: Json) -> MessagePage:
    """Read an answer that holds direct message events; what is no message is left out."""
    includes = _mapping(payload.get("includes"))
    media = _media_by_key(includes)
    events = _list(payload.get("data"))
    messages = [_message(event, media) for event in events]
    return MessagePage(
        messages=tuple(message for message in messages if message),
        next_token=_text(_mapping(payload.get("meta")).get("next_token")) or None,
        automated=_automated(includes),
    )


def read_delivered_messages(payload: Json) -> MessagePage:
    """Read the payload of a `dm.received` delivery, which speaks the words of X's API 1.1."""
    users = [_mapping(_mapping(user).get("data")) for user in _values(payload.get("users"))]
    events = _list(payload.get("direct_message_events"))
    messages = [_delivered_message(event) for event in events]
    return MessagePage(
        messages=tuple(message for message in messages if message),
        automated=_automated({"users": users}),
    )


def _post(
    item: Json, media: Mapping[str, Media], around: Mapping[str, Post] | None = None
) -> Post | None:
    """Read one post; None where it lacks what nothing can be done without."""
    id_ = _id(item.get("id"))
    if id_ is None:
        return None
    note = _mapping(item.get("note_tweet") or item.get("note_post"))
    keys = _keys(item)
    parents = _references(item)
    parent = (around or {}).get(parents.get("replied_to", ""))
    history = _list_of(item.get("edit_history_tweet_ids") or item.get("edit_history_post_ids"))
    return Post(
        id=id_,
        author=_id(item.get("author_id")) or "",
        text=_text(note.get("text")) or _text(item.get("text")),
        conversation=_id(item.get("conversation_id")) or id_,
        first_id=next((first for each in history if (first := _id(each))), id_),
        language=_language(_text(item.get("lang"))),
        replies_to=parents.get("replied_to"),
        replies_to_author=_id(item.get("in_reply_to_user_id"))
        or (parent.author if parent else None),
        quotes=parents.get("quoted"),
        reposts=parents.get("retweeted"),
        shown_from=_shown_from(item),
        namings=tuple(_namings(item, note)),
        media=tuple(media[key] for key in keys if key in media),
        media_missing=any(key not in media for key in keys),
    )


def _references(item: Json) -> dict[str, str]:
    found = _list(item.get("referenced_tweets") or item.get("referenced_posts"))
    return {_text(ref.get("type")): id_ for ref in found if (id_ := _id(ref.get("id")))}


def _language(code: str) -> str:
    return _LANGUAGES.get(code, code) or "und"


def _shown_from(item: Json) -> int | None:
    shown = _list_of(item.get("display_text_range"))
    return _index(shown[0]) if len(shown) == 2 else None


def _namings(item: Json, note: Json) -> Iterable[Mention]:
    seen: set[int] = set()
    for entities in (_mapping(item.get("entities")), _mapping(note.get("entities"))):
        for found in _list(entities.get("mentions")):
            start, end = _index(found.get("start")), _index(found.get("end"))
            if start is None or end is None or start in seen:
                continue
            seen.add(start)
            yield Mention(start, end, _text(found.get("id")), _text(found.get("username")))


def _keys(item: Json) -> tuple[str, ...]:
    keys = _list_of(_mapping(item.get("attachments")).get("media_keys"))
    return tuple(key for key in keys if isinstance(key, str))


def _media_by_key(includes: Json) -> dict[str, Media]:
    found = [_media(item) for item in _list(includes.get("media"))]
    return {media.key: media for media in found if media}


def _media(item: Json) -> Media | None:
    kind, key = _text(item.get("type")), _text(item.get("media_key"))
    if kind not in _KINDS or not key:
        return None
    picture = item.get("url") if kind == "photo" else item.get("preview_image_url")
    return Media(key, kind, _text(picture) or None)


def _message(event: Json, media: Mapping[str, Media]) -> Message | None:
    id_, sender = _id(event.get("id")), _id(event.get("sender_id"))
    if id_ is None or sender is None or event.get("event_type") not in (None, "MessageCreate"):
        return None
    keys = _keys(event)
    return Message(
        id=id_,
        conversation=_text(event.get("dm_conversation_id")),
        sender=sender,
        text=_text(event.get("text")),
        media=tuple(media[key] for key in keys if key in media),
        media_keys=keys,
    )


def _delivered_message(event: Json) -> Message | None:
    create = _mapping(event.get("message_create"))
    data = _mapping(create.get("message_data"))
    id_, sender = _id(event.get("id")), _id(create.get("sender_id"))
    recipient = _id(_mapping(create.get("target")).get("recipient_id"))
    if id_ is None or sender is None or recipient is None:
        return None
    attached = _mapping(_mapping(data.get("attachment")).get("media"))
    key, kind = _text(attached.get("id_str")), _text(attached.get("type"))
    url = _text(attached.get("media_url_https")) or _text(attached.get("media_url"))
    return Message(
        id=id_,
        conversation="-".join(sorted((sender, recipient), key=int)),
        sender=sender,
        text=_text(data.get("text")),
        media=(Media(key, kind, url or None),) if kind in _KINDS else (),
        media_keys=(key,) if key else (),
    )


def _automated(includes: Json) -> frozenset[str]:
    """X labels automated accounts by an affiliation that is called so."""
    return frozenset(
        str(user["id"])
        for user in _users(includes)
        if "automated" in str(_mapping(user.get("affiliation")).get("description", "")).lower()
    )


def _users(includes: Json) -> list[Json]:
    return [user for user in _list(includes.get("users")) if _id(user.get("id"))]


def _known(includes: Json, *names: str) -> list[Json]:
    return [item for name in names for item in _list(includes.get(name))]


def _id(value: object) -> str | None:
    """Return one of X's ids: up to 19 digits, which other code may count on."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _index(value: object) -> int | None:
    return value if isinstance(value, int) and value >= 0 else None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _mapping(value: object) -> Json:
    return value if isinstance(value, Mapping) else {}


def _values(value: object) -> list[Any]:
    return list(_mapping(value).values())


def _list(value: object) -> list[Json]:
    """Return the objects in a list; a single object counts as a list of one."""
    items = [value] if isinstance(value, Mapping) else _list_of(value)
    return [item for item in items if isinstance(item, Mapping)]


def _list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
