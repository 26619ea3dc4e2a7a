"""The state of the fake X: accounts, posts, threads, messages and uploads."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

_EPOCH_MS = 1_288_834_974_657
_NAME = re.compile(r"@(\w+)")
BOT = "suisai"


@dataclass
class Picture:
    """Media of a post, of a message or of an upload."""

    key: str
    url: str
    kind: str = "photo"
    alt_text: str = ""
    category: str = ""
    data: bytes = b""
    finished: bool = False
    checks_left: int = 0


@dataclass
class Said:
    """A post."""

    id: str
    author: str
    text: str
    shown_from: int
    conversation: str
    history: list[str]
    lang: str = "en"
    replies_to: str | None = None
    quotes: str | None = None
    reposts: str | None = None
    media: list[str] = field(default_factory=list)
    note: str | None = None
    made_with_ai: bool = False
    deleted: bool = False


@dataclass
class Note:
    """A direct message event."""

    id: str
    conversation: str
    sender: str
    text: str
    media: list[str] = field(default_factory=list)


def first_id_at(time_: str) -> int:
    """Return the first id that X gives out at a time of RFC 3339."""
    at = datetime.fromisoformat(time_).timestamp()
    return max(0, int(at * 1000) - _EPOCH_MS) << 22


class XWorld:
    """The state of the fake X. Methods are actions of people; `made` contains the bot's posts."""

    def __init__(self, base_url: str = "", ledger_file: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.base_url = base_url
        self.names: dict[str, str] = {}
        self.posts: dict[str, Said] = {}
        self.messages: dict[str, Note] = {}
        self.media: dict[str, Picture] = {}
        self.files: dict[str, bytes] = {}
        self.made: list[Said] = []
        self.sent: list[Note] = []
        self.removed: list[str] = []
        self.suspended: set[str] = set()
        self.protected: set[str] = set()
        self.blocking: set[str] = set()
        self.automated: set[str] = set()
        self.late: set[str] = set()
        """Posts that X has not put into its list of mentions yet."""
        self.forgives_duplicates = False
        self.may_reply_to_all = False
        """The app has rights beyond self-serve: it may reply to posts that do not mention the bot."""
        self.repeats_tokens = False
        """Lists name the same next page for ever."""
        self._ledger_file = ledger_file
        self._last_id = 0
        self.bot = self.person(BOT)

    def new_id(self) -> str:
        """Return a new id that begins with its time, like X's."""
        with self.lock:
            now = (int(time.time() * 1000) - _EPOCH_MS) << 22
            self._last_id = max(self._last_id + 1, now)
            return str(self._last_id)

    def person(self, username: str) -> str:
        """Return the id of an account, made when it is first named."""
        with self.lock:
            for id_, name in self.names.items():
                if name == username:
                    return id_
            id_ = str(1000 + len(self.names))
            self.names[id_] = username
            return id_

    def file(self, name: str, data: bytes) -> str:
        """Put an image file on X's image host and return its address."""
        self.files[name] = data
        return f"{self.base_url}/media/{name}"

    def picture(self, url: str, kind: str = "photo") -> str:
        """Create media from an address and return its key."""
        key = f"3_{self.new_id()}"
        self.media[key] = Picture(key, url, kind, finished=True)
        return key

    def post(
        self,
        author: str,
        text: str,
        *,
        media: list[str] | None = None,
        under: str | None = None,
        quotes: str | None = None,
        reposts: str | None = None,
        lang: str = "en",
        note: str | None = None,
        id_: str = "",
    ) -> str:
        """Post something; a reply gets the names of its thread before its text, as on X."""
        with self.lock:
            id_, me = id_ or self.new_id(), self.person(author)
            prefix = self._names_of_thread(under, me)
            self.posts[id_] = Said(
                id=id_,
                author=me,
                text=prefix + text,
                shown_from=len(prefix),
                conversation=self.posts[under].conversation if under else id_,
                history=[id_],
                lang=lang,
                replies_to=under,
                quotes=quotes,
                reposts=reposts,
                media=media or [],
                note=prefix + note if note else None,
            )
            return id_

    def edit(self, post: str, text: str) -> str:
        """Edit a post: it gets a new id, its history keeps the old ones."""
        with self.lock:
            old = self.posts[post]
            id_ = self.new_id()
            new = Said(**{**vars(old), "id": id_, "history": [*old.history, id_]})
            new.text = old.text[: old.shown_from] + text
            self.posts[id_] = new
            old.deleted = True
            return id_

    def message(self, sender: str, text: str, media: list[str] | None = None) -> str:
        """Send the bot a direct message."""
        with self.lock:
            me = self.person(sender)
            return self._message(me, me, text, media or []).id

    def message_from_bot(self, to: str, text: str, media: list[str]) -> Note:
        """Store a message of the bot."""
        with self.lock:
            note = self._message(to, self.bot, text, media)
            self.sent.append(note)
            self._write({"message": note.id, "to": to, "text": text})
            return note

    def reply_from_bot(self, to: str, text: str, media: list[str], made_with_ai: bool) -> Said:
        """Store a post of the bot in `made` and in the file that is kept after the server ends."""
        with self.lock:
            id_ = self.post(BOT, text, media=media, under=to)
            said = self.posts[id_]
            said.made_with_ai = made_with_ai
            self.made.append(said)
            self._write({"post": id_, "in_reply_to": to, "text": text, "media": len(media)})
            return said

    def is_visible(self, post: str) -> bool:
        """Return whether the bot can see a post."""
        said = self.posts.get(post)
        return (
            said is not None
            and not said.deleted
            and said.author not in self.suspended
            and said.author not in self.protected
        )

    def mentions(self) -> list[Said]:
        """Return the bot's mentions as X lists them, newest first, including inherited names."""
        with self.lock:
            found = [
                said
                for said in self.posts.values()
                if self.is_visible(said.id)
                and said.id not in self.late
                and self._names_bot(said.note or said.text)
            ]
            return sorted(found, key=lambda said: int(said.id), reverse=True)[:800]

    def is_summoned_by(self, said: Said) -> bool:
        """Return whether the author of a post wrote the bot's name in it or quoted one of its posts.

        Names that the thread put before a reply do not count.
        """
        if said.quotes in self.posts and self.posts[said.quotes].author == self.bot:
            return True
        written = (said.note or said.text)[said.shown_from :]
        return self._names_bot(written)

    def repeats(self, author: str, text: str) -> bool:
        """Return whether the bot sent the same text, without a picture, to this person before."""
        with self.lock:
            return any(
                said.text[said.shown_from :] == text
                for said in self.made
                if said.replies_to is not None
                and not said.media
                and self.posts[said.replies_to].author == author
            )

    def repeats_message(self, person: str, text: str) -> bool:
        """Return whether the bot's last message to this person was the same, without a picture."""
        with self.lock:
            to = [note for note in self.sent if person in note.conversation.split("-")]
            same = bool(to) and not to[-1].media and to[-1].text == text
            return same and not self.forgives_duplicates

    def own_posts(self) -> list[Said]:
        """Return the bot's own posts, newest first."""
        with self.lock:
            own = [s for s in self.posts.values() if s.author == self.bot and not s.deleted]
            return sorted(own, key=lambda said: int(said.id), reverse=True)

    def named_in(self, text: str) -> list[str]:
        """Return the accounts whose names are in a text."""
        by_name = {name.lower(): id_ for id_, name in self.names.items()}
        return [by_name[n.lower()] for n in _NAME.findall(text) if n.lower() in by_name]

    def _names_bot(self, text: str) -> bool:
        return any(name.lower() == BOT for name in _NAME.findall(text))

    def replies_to(self, post: str) -> list[Said]:
        """Return the bot's replies to a post that are not deleted."""
        with self.lock:
            return [s for s in self.made if s.replies_to == post and not s.deleted]

    def _names_of_thread(self, under: str | None, author: str) -> str:
        if under is None:
            return ""
        parent = self.posts[under]
        shown = [parent.author, *self.named_in(parent.text)]
        others = [id_ for id_ in dict.fromkeys(shown) if id_ != author]
        return "".join(f"@{self.names[id_]} " for id_ in others)

    def _message(self, with_: str, sender: str, text: str, media: list[str]) -> Note:
        id_ = self.new_id()
        pair = "-".join(sorted((with_, self.bot), key=int))
        self.messages[id_] = Note(id_, pair, sender, text, media)
        return self.messages[id_]

    def _write(self, fact: dict[str, object]) -> None:
        if self._ledger_file is not None:
            with self._ledger_file.open("a") as file:
                file.write(json.dumps(fact) + "\n")
