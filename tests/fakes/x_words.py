"""Serialises the fake X's objects in both vocabularies of X's API, and checks request parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.fakes.x_world import Note, Picture, Said, XWorld

Json = dict[str, Any]


def _all(words: str) -> frozenset[str]:
    return frozenset(words.split())


TWEET_FIELDS = _all(
    "article attachments author_id card_uri community_id context_annotations conversation_id "
    "created_at display_text_range edit_controls edit_history_tweet_ids entities geo id "
    "in_reply_to_user_id lang media_metadata note_tweet possibly_sensitive public_metrics "
    "referenced_tweets reply_settings scopes source text withheld"
)
TWEET_EXPANSIONS = _all(
    "attachments.media_keys author_id edit_history_tweet_ids entities.mentions.username "
    "geo.place_id in_reply_to_user_id referenced_tweets.id referenced_tweets.id.author_id "
    "attachments.poll_ids sender_id participant_ids"
)
POST_FIELDS = _all(
    "article article_title attachments card_uri community_id context_annotations conversation_id "
    "created_at display_text_range edit_controls entities geo id lang media_metadata note_post "
    "possibly_sensitive public_metrics reply_settings scopes source text withheld"
)
POST_EXPANSIONS = _all(
    "attachments.media_keys attachments.poll_ids author_id edit_history_post_ids "
    "entities.mentions.username geo.place_id in_reply_to_user_id referenced_posts sender_id "
    "participant_ids username"
)

MESSAGE_FIELDS = _all("attachments created_at dm_conversation_id entities event_type id text")


@dataclass(frozen=True)
class Words:
    """One vocabulary."""

    fields_name: str
    fields: frozenset[str]
    expansions: frozenset[str]
    posts: str
    referenced: str
    history: str
    note: str
    message_fields: frozenset[str]

    def unknown(self, query: dict[str, str]) -> str:
        """Name the first parameter, field or expansion that this vocabulary does not have."""
        other = {"tweet.fields", "post.fields"} - {self.fields_name}
        for name in query:
            if name in other:
                return f"The query parameter [{name}] is not one of [id,expansions,...]"
        checks = (
            (self.fields_name, self.fields),
            ("expansions", self.expansions),
            ("dm_event.fields", self.message_fields),
        )
        for name, allowed in checks:
            for value in filter(None, query.get(name, "").split(",")):
                if value not in allowed:
                    return f"The `{name}` query parameter value [{value}] is not one of [...]"
        return ""


TWEET = Words(
    "tweet.fields",
    TWEET_FIELDS,
    TWEET_EXPANSIONS,
    "tweets",
    "referenced_tweets",
    "edit_history_tweet_ids",
    "note_tweet",
    MESSAGE_FIELDS | _all("sender_id participant_ids referenced_tweets"),
)
POST = Words(
    "post.fields",
    POST_FIELDS,
    POST_EXPANSIONS,
    "posts",
    "referenced_posts",
    "edit_history_post_ids",
    "note_post",
    MESSAGE_FIELDS,
)


class Writer:
    """Writes one response, with the requested fields only, like X."""

    def __init__(self, world: XWorld, words: Words, query: dict[str, str]) -> None:
        self._world = world
        self._words = words
        self._fields = set(query.get(words.fields_name, "").split(","))
        self._expansions = set(query.get("expansions", "").split(","))
        self._message_fields = set(query.get("dm_event.fields", "").split(","))

    def page(self, posts: Iterable[Said], **meta: object) -> Json:
        """Write posts with the requested expansions."""
        posts = list(posts)
        body: Json = {"meta": {"result_count": len(posts), **meta}}
        if posts:
            body["data"] = [self.post(said) for said in posts]
        parents = self._parents(posts)
        includes: Json = {}
        media = [key for said in posts for key in said.media]
        if "attachments.media_keys" in self._expansions and media:
            includes["media"] = [self.media(self._world.media[key]) for key in media]
        if parents:
            includes[self._words.posts] = [self.post(said) for said in parents]
        if "author_id" in self._expansions:
            people = dict.fromkeys(said.author for said in [*posts, *parents])
            includes["users"] = [self.account(id_) for id_ in people]
        return body | ({"includes": includes} if includes else {})

    def post(self, said: Said) -> Json:
        """Write one post."""
        asked = self._fields | self._expansions
        parent = self._world.posts.get(said.replies_to or "")
        possible: Json = {
            "author_id": said.author,
            "conversation_id": said.conversation,
            "display_text_range": [said.shown_from, min(len(said.text), 280)],
            "entities": {"mentions": self._namings(said.text)},
            "in_reply_to_user_id": parent.author if parent else None,
            "lang": said.lang,
            self._words.note: self._note(said),
            self._words.referenced: self._references(said),
            "attachments": {"media_keys": said.media} if said.media else None,
        }
        return {
            "id": said.id,
            "text": said.text[:280],
            self._words.history: said.history,
            **{name: value for name, value in possible.items() if value and name in asked},
        }

    def message(self, note: Note) -> Json:
        """Write one message event."""
        possible: Json = {
            "dm_conversation_id": note.conversation,
            "sender_id": note.sender,
            "text": note.text,
            "attachments": {"media_keys": note.media} if note.media else None,
        }
        asked = self._message_fields | self._expansions
        return {
            "id": note.id,
            "event_type": "MessageCreate",
            **{name: value for name, value in possible.items() if value and name in asked},
        }

    def messages(self, notes: Iterable[Note], **meta: object) -> Json:
        """Write message events with their media."""
        notes = list(notes)
        body: Json = {"meta": {"result_count": len(notes), **meta}}
        if notes:
            body["data"] = [self.message(note) for note in notes]
        includes: Json = {}
        media = [self.media(self._world.media[key]) for note in notes for key in note.media]
        if media and "attachments.media_keys" in self._expansions:
            includes["media"] = media
        if notes and "sender_id" in self._expansions:
            senders = dict.fromkeys(note.sender for note in notes)
            includes["users"] = [self.account(id_) for id_ in senders]
        return body | ({"includes": includes} if includes else {})

    def media(self, picture: Picture) -> Json:
        """Write one media object; videos have no address of their own, only a still picture's."""
        name = "url" if picture.kind == "photo" else "preview_image_url"
        found = {"media_key": picture.key, "type": picture.kind}
        return found | ({name: picture.url} if picture.url else {})

    def account(self, id_: str) -> Json:
        """Write one account; automated ones carry X's label."""
        label = (
            {"affiliation": {"description": "Automated"}} if id_ in self._world.automated else {}
        )
        return {
            "id": id_,
            "username": self._world.names[id_],
            "name": self._world.names[id_],
            **label,
        }

    def _parents(self, posts: list[Said]) -> list[Said]:
        if not {"referenced_posts", "referenced_tweets.id"} & self._expansions:
            return []
        ids = [id_ for said in posts for id_ in (said.replies_to, said.quotes, said.reposts) if id_]
        return [self._world.posts[id_] for id_ in dict.fromkeys(ids) if self._world.is_visible(id_)]

    def _references(self, said: Said) -> list[Json]:
        kinds = {"replied_to": said.replies_to, "quoted": said.quotes, "retweeted": said.reposts}
        return [{"type": kind, "id": id_} for kind, id_ in kinds.items() if id_]

    def _note(self, said: Said) -> Json | None:
        if said.note is None:
            return None
        return {"text": said.note, "entities": {"mentions": self._namings(said.note)}}

    def _namings(self, text: str) -> list[Json]:
        by_name = {name.lower(): (id_, name) for id_, name in self._world.names.items()}
        return [
            {"start": m.start(), "end": m.end(), "id": found[0], "username": found[1]}
            for m in re.finditer(r"@(\w+)", text)
            if (found := by_name.get(m[1].lower()))
        ]
