"""The routes of the fake X: all requests that the bot may send."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.fakes import x_problems as problems
from tests.fakes.x_asked import Asked, HttpRefusal
from tests.fakes.x_hooks import Hooks
from tests.fakes.x_words import Words, Writer
from tests.fakes.x_world import Picture, Said, XWorld, first_id_at

Json = dict[str, Any]

_PROBLEM = "https://api.x.com/2/problems/"


class Routes:
    """X's v2 routes over a world. `words` is the vocabulary that this X understands."""

    def __init__(self, world: XWorld, words: Words, secret: str) -> None:
        self.world = world
        self.words = words
        self._hooks = Hooks(world, secret)

    def answer(self, asked: Asked) -> tuple[int, Json | bytes]:
        """Execute a request. Raises `Refusal`."""
        if unknown := self.words.unknown(asked.query):
            errors = [{"message": unknown}]
            raise HttpRefusal(400, unknown, errors=errors, type=f"{_PROBLEM}invalid-request")
        for method, pattern, handle in self._table():
            if method == asked.method and (match := re.fullmatch(pattern, asked.path)):
                with self.world.lock:
                    return handle(asked, *match.groups())
        raise HttpRefusal(404, f"no route {asked.name}")

    def _table(self) -> list[tuple[str, str, Callable[..., tuple[int, Json | bytes]]]]:
        return [
            ("GET", r"/2/users/me", self._me),
            ("GET", r"/2/users/(\d+)/mentions", self._mentions),
            ("GET", r"/2/users/(\d+)/tweets", self._own_posts),
            ("GET", r"/2/tweets", self._posts),
            ("POST", r"/2/tweets", self._reply),
            ("DELETE", r"/2/tweets/(\d+)", self._delete),
            ("GET", r"/2/dm_events", self._messages),
            ("GET", r"/2/dm_conversations/with/(\d+)/dm_events", self._messages),
            ("POST", r"/2/dm_conversations/with/(\d+)/messages", self._send_message),
            ("GET", r"/2/dm_conversations/media/(\w+)/(\w+)/([\w.]+)", self._message_media),
            ("POST", r"/2/media/upload/initialize", self._initialize),
            ("POST", r"/2/media/upload/(\d+)/append", self._append),
            ("POST", r"/2/media/upload/(\d+)/finalize", self._finalize),
            ("GET", r"/2/media/upload", self._status),
            ("POST", r"/2/media/metadata", self._metadata),
            *self._hooks.table(),
        ]

    def _writer(self, asked: Asked) -> Writer:
        return Writer(self.world, self.words, asked.query)

    def _me(self, asked: Asked) -> tuple[int, Json]:
        return 200, {"data": self._writer(asked).account(self.world.bot)}

    def _mentions(self, asked: Asked, _: str) -> tuple[int, Json]:
        return self._timeline(asked, self.world.mentions())

    def _own_posts(self, asked: Asked, _: str) -> tuple[int, Json]:
        return self._timeline(asked, self.world.own_posts())

    def _timeline(self, asked: Asked, posts: list[Said]) -> tuple[int, Json]:
        count = int(asked.query.get("max_results", 10))
        if not 5 <= count <= 100:
            raise HttpRefusal(
                400, f"The `max_results` query parameter value [{count}] is not valid"
            )
        newer, older = _bounds(asked.query)
        posts = [said for said in posts if newer < int(said.id) < older]
        start = int(asked.query.get("pagination_token", "0").removeprefix("page"))
        shown = posts[start : start + count]
        meta: Json = {"newest_id": shown[0].id, "oldest_id": shown[-1].id} if shown else {}
        if start + count < len(posts):
            meta["next_token"] = f"page{start + count}"
        if self.world.repeats_tokens:
            meta["next_token"] = asked.query.get("pagination_token", "page0")
        return 200, self._writer(asked).page(shown, **meta)

    def _posts(self, asked: Asked) -> tuple[int, Json]:
        ids = asked.query["ids"].split(",")
        body = self._writer(asked).page(
            self.world.posts[i] for i in ids if self.world.is_visible(i)
        )
        gone = [
            {
                "resource_id": id_,
                "resource_type": "tweet",
                "parameter": "ids",
                "value": id_,
                "title": "Not Found Error",
                "detail": f"Could not find tweet with ids: [{id_}].",
                "type": f"{_PROBLEM}resource-not-found",
            }
            for id_ in ids
            if not self.world.is_visible(id_)
        ]
        return 200, body | ({"errors": gone} if gone else {})

    def _reply(self, asked: Asked) -> tuple[int, Json]:
        body = asked.json
        to = body.get("reply", {}).get("in_reply_to_tweet_id", "")
        ids = body.get("media", {}).get("media_ids", [])
        self._check_reply(to, body["text"], has_media=bool(ids))
        keys = [self._upload(id_).key for id_ in ids]
        if not self.world.is_summoned_by(self.world.posts[to]):
            asked.billed_as = "unsummoned_reply"
        made = self.world.reply_from_bot(to, body["text"], keys, bool(body.get("made_with_ai")))
        return 201, {"data": {"id": made.id, "text": made.text, self.words.history: [made.id]}}

    def _check_reply(self, to: str, text: str, *, has_media: bool) -> None:
        world, parent = self.world, self.world.posts.get(to)
        if parent is None or parent.deleted:
            raise _refusal(problems.GONE)
        for people, problem in (
            (world.suspended, problems.SUSPENDED_AUTHOR),
            (world.protected, problems.PROTECTED_AUTHOR),
            (world.blocking, problems.BLOCKED),
        ):
            if parent.author in people:
                raise _refusal(problem)
        if not (world.may_reply_to_all or world.is_summoned_by(parent)):
            raise _refusal(problems.NOT_SUMMONED)
        repeats = not has_media and world.repeats(parent.author, text)
        if repeats and not world.forgives_duplicates:
            raise _refusal(problems.DUPLICATE)

    def _delete(self, _: Asked, post: str) -> tuple[int, Json]:
        said = self.world.posts.get(post)
        if said is None or said.author != self.world.bot:
            raise HttpRefusal(404, "Could not find the Tweet.")
        said.deleted = True
        self.world.removed.append(post)
        return 200, {"data": {"deleted": True}}

    def _messages(self, asked: Asked, person: str = "") -> tuple[int, Json]:
        notes = sorted(self.world.messages.values(), key=lambda note: int(note.id), reverse=True)
        notes = [note for note in notes if not person or person in note.conversation.split("-")]
        count = int(asked.query.get("max_results", 100))
        start = int(asked.query.get("pagination_token", "page-----------0").split("-")[-1])
        meta = (
            {"next_token": f"page-----------{start + count}"} if start + count < len(notes) else {}
        )
        return 200, self._writer(asked).messages(notes[start : start + count], **meta)

    def _send_message(self, asked: Asked, person: str) -> tuple[int, Json]:
        if person in self.world.blocking:
            raise _refusal(problems.MESSAGES_CLOSED)
        text, files = asked.json.get("text", ""), asked.json.get("attachments", [])
        if not files and self.world.repeats_message(person, text):
            raise _refusal(problems.MESSAGE_REPEATED_CODE)
        media = [self._upload(each["media_id"]).key for each in asked.json.get("attachments", [])]
        note = self.world.message_from_bot(person, asked.json.get("text", ""), media)
        return 201, {"data": {"dm_conversation_id": note.conversation, "dm_event_id": note.id}}

    def _message_media(self, _: Asked, dm_id: str, media_id: str, name: str) -> tuple[int, bytes]:
        found = self.world.files.get(f"dm/{dm_id}/{media_id}/{name}")
        if found is None:
            raise HttpRefusal(404, "no such media")
        return 200, found

    def _initialize(self, asked: Asked) -> tuple[int, Json]:
        id_ = self.world.new_id()
        picture = Picture(f"3_{id_}", "", category=asked.json["media_category"])
        self.world.media[picture.key] = picture
        return 200, {"data": {"id": id_, "media_key": picture.key, "expires_after_secs": 86400}}

    def _append(self, asked: Asked, id_: str) -> tuple[int, Json]:
        self.world.media[f"3_{id_}"].data += asked.form["media"]
        return 200, {"data": {"expires_at": 2_000_000_000}}

    def _finalize(self, _: Asked, id_: str) -> tuple[int, Json]:
        picture = self.world.media[f"3_{id_}"]
        picture.finished = True
        picture.url = f"{self.world.base_url}/media/{picture.key}"
        self.world.files[picture.key] = picture.data
        data: Json = {"id": id_, "media_key": picture.key, "size": len(picture.data)}
        return 200, {"data": data | self._processing(picture)}

    def _status(self, asked: Asked) -> tuple[int, Json]:
        picture = self.world.media[f"3_{asked.query['media_id']}"]
        picture.checks_left -= 1
        return 200, {"data": {"id": asked.query["media_id"], **self._processing(picture)}}

    def _processing(self, picture: Picture) -> Json:
        if picture.checks_left <= 0:
            return {}
        return {"processing_info": {"state": "in_progress", "check_after_secs": 1}}

    def _metadata(self, asked: Asked) -> tuple[int, Json]:
        picture = self._upload(asked.json["id"])
        picture.alt_text = asked.json["metadata"]["alt_text"]["text"]
        return 200, {"data": {"id": asked.json["id"]}}

    def _upload(self, id_: str) -> Picture:
        picture = self.world.media.get(f"3_{id_}")
        if picture is None or not picture.finished:
            raise _refusal(problems.MEDIA_INVALID)
        return picture


def _bounds(query: dict[str, str]) -> tuple[int, int]:
    """Return the ids between which posts are listed, both left out: of a time, the first id that it has."""
    newer = [int(query.get("since_id", 0))]
    older = [int(query.get("until_id", 2**63))]
    if "start_time" in query:
        newer.append(first_id_at(query["start_time"]) - 1)
    if "end_time" in query:
        older.append(first_id_at(query["end_time"]))
    return max(newer), min(older)


def _refusal(problem: problems.XProblem) -> HttpRefusal:
    refusal = HttpRefusal(problem.status, "")
    refusal.body = dict(problem.body)
    return refusal
