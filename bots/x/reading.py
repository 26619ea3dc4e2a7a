"""X's JSON -> the bot's own posts and messages, in either vocabulary; parsed here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from bots.x.posts import Account, Media, Message, MessagePage, Naming, Page, Post

Json: TypeAlias = Mapping[str, Any]

# X kept some codes that ISO 639 gave up in 1989.
_LANGUAGES = MappingProxyType({"in": "id", "iw": "he"})
_KINDS = frozenset({"photo", "video", "animated_gif"})


def read_account(payload: Json) -> Account:
    """Read an answer to users/me. Raises `KeyError` where it names no account."""
    data = payload["data"]
    return Account(id=str(data["id"]), username=str(data["username"]))


def read_page(payload: Json) -> Page:
    """Read an answer that holds posts (many, one, or none) and what was sent along with them."""
    includes = _mapping(payload.get("includes"))
    media = _media_by_key(includes)
    around = [_post(item, media) for item in _known(includes, "tweets", "posts")]
    by_id = {post.id: post for post in around if post}
    posts = [_post(item, media, by_id) for item in _list(payload.get("data"))]
    return Page(
        posts=tuple(post for post in posts if post),
        around=by_id,
        unreadable=frozenset(_unreadable(payload)),
        automated=_automated(includes),
        expanded_accounts=frozenset(str(user["id"]) for user in _users(includes)),
        next_token=_mapping(payload.get("meta")).get("next_token"),
    )


def read_messages(payload: Json) -> MessagePage:
    """Read an answer that holds direct message events; what is no message is left out."""
    includes = _mapping(payload.get("includes"))
    media = _media_by_key(includes)
    events = _list(payload.get("data"))
    messages = [_message(event, media) for event in events]
    return MessagePage(
        messages=tuple(message for message in messages if message),
        read=len(events),
        next_token=_mapping(payload.get("meta")).get("next_token"),
        automated=_automated(includes),
    )


def read_delivered_messages(payload: Json) -> MessagePage:
    """Read the payload of a `dm.received` delivery, which speaks the words of X's API 1.1."""
    users = [_mapping(_mapping(user).get("data")) for user in _values(payload.get("users"))]
    events = _list(payload.get("direct_message_events"))
    messages = [_delivered_message(event) for event in events]
    return MessagePage(
        messages=tuple(message for message in messages if message),
        read=len(events),
        automated=_automated({"users": users}),
    )


def _post(
    item: Json, media: Mapping[str, Media], around: Mapping[str, Post] | None = None
) -> Post | None:
    """Read one post; None where it lacks what nothing can be done without."""
    if not item.get("id") or not item.get("author_id"):
        return None
    note = _mapping(item.get("note_tweet") or item.get("note_post"))
    keys = [str(key) for key in _list_of(_mapping(item.get("attachments")).get("media_keys"))]
    parents = _references(item)
    parent = (around or {}).get(parents.get("replied_to", ""))
    history = _list_of(item.get("edit_history_tweet_ids") or item.get("edit_history_post_ids"))
    return Post(
        id=str(item["id"]),
        author=str(item["author_id"]),
        text=str(note.get("text") or item.get("text") or ""),
        conversation=str(item.get("conversation_id") or item["id"]),
        first_id=str(history[0]) if history else str(item["id"]),
        language=_LANGUAGES.get(str(item.get("lang")), str(item.get("lang") or "und")),
        replies_to=parents.get("replied_to"),
        replies_to_author=item.get("in_reply_to_user_id") or (parent.author if parent else None),
        quotes=parents.get("quoted"),
        reposts=parents.get("retweeted"),
        shown_from=_shown_from(item),
        namings=tuple(_namings(item, note)),
        media=tuple(media[key] for key in keys if key in media),
        media_missing=any(key not in media for key in keys),
    )


def _references(item: Json) -> dict[str, str]:
    found = _list(item.get("referenced_tweets") or item.get("referenced_posts"))
    return {str(ref["type"]): str(ref["id"]) for ref in found if "type" in ref and "id" in ref}


def _shown_from(item: Json) -> int | None:
    shown = _list_of(item.get("display_text_range"))
    return int(shown[0]) if len(shown) == 2 else None


def _namings(item: Json, note: Json) -> Iterable[Naming]:
    seen: set[int] = set()
    for entities in (_mapping(item.get("entities")), _mapping(note.get("entities"))):
        for found in _list(entities.get("mentions")):
            start = int(found.get("start", -1))
            if start in seen:
                continue
            seen.add(start)
            end, name = int(found.get("end", start)), str(found.get("username") or "")
            yield Naming(start, end, str(found.get("id") or ""), name)


def _media_by_key(includes: Json) -> dict[str, Media]:
    found = [_media(item) for item in _list(includes.get("media"))]
    return {media.key: media for media in found if media}


def _media(item: Json) -> Media | None:
    kind = str(item.get("type") or "")
    if kind not in _KINDS or not item.get("media_key"):
        return None
    picture = item.get("url") if kind == "photo" else item.get("preview_image_url")
    return Media(str(item["media_key"]), kind, str(picture) if picture else None)


def _message(event: Json, media: Mapping[str, Media]) -> Message | None:
    if event.get("event_type", "MessageCreate") != "MessageCreate" or not event.get("sender_id"):
        return None
    keys = [str(key) for key in _list_of(_mapping(event.get("attachments")).get("media_keys"))]
    return Message(
        id=str(event["id"]),
        conversation=str(event.get("dm_conversation_id") or ""),
        sender=str(event["sender_id"]),
        text=str(event.get("text") or ""),
        media=tuple(media[key] for key in keys if key in media),
        media_keys=tuple(keys),
    )


def _delivered_message(event: Json) -> Message | None:
    create = _mapping(event.get("message_create"))
    data = _mapping(create.get("message_data"))
    people = (create.get("sender_id"), _mapping(create.get("target")).get("recipient_id"))
    if not all(people) or not event.get("id"):
        return None
    attached = _mapping(_mapping(data.get("attachment")).get("media"))
    url = attached.get("media_url_https") or attached.get("media_url")
    key, kind = str(attached.get("id_str") or ""), str(attached.get("type") or "")
    return Message(
        id=str(event["id"]),
        conversation="-".join(sorted(map(str, people), key=int)),
        sender=str(people[0]),
        text=str(data.get("text") or ""),
        media=(Media(key, kind, str(url) if url else None),) if kind in _KINDS else (),
        media_keys=(key,) if key else (),
    )


def _unreadable(payload: Json) -> Iterable[str]:
    for problem in _list(payload.get("errors")):
        if gone := problem.get("resource_id") or problem.get("value"):
            yield str(gone)


def _automated(includes: Json) -> frozenset[str]:
    """X labels automated accounts by an affiliation that is called so."""
    return frozenset(
        str(user["id"])
        for user in _users(includes)
        if "automated" in str(_mapping(user.get("affiliation")).get("description", "")).lower()
    )


def _users(includes: Json) -> list[Json]:
    return [user for user in _list(includes.get("users")) if user.get("id")]


def _known(includes: Json, *names: str) -> list[Json]:
    return [item for name in names for item in _list(includes.get(name))]


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
