"""What people and groups chose for themselves, and where groups moved to.

Which of the bot's messages show which job, and the files that Telegram has of them.

The bot's messages that promise an answer, and when each is looked at again. Outlives restarts.

Albums: Telegram sends each photo as a message of its own; they are gathered, durably, into one ask.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from redis import Redis

from bots.i18n import negotiate
from bots.telegram.events import MessageEvent, Origin, Place
from tasks.kv import KeyValueStore
from tasks.ledger.ledger import Ledger
from tasks.ledger.records import text
from tasks.models import Job, PhotoRef, QueueStatus, Stage

_SUPERGROUPS_BELOW = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What the admins of a group decided."""

    style: str = ""
    """The style where a message names none; empty: the person's own."""
    cooldown_s: float = 0.0
    """Between two asks of one person in this group, beside the bot's own."""
    others: bool = True
    """Members may have other members' photos painted."""


class Chats:
    """The adapter's memory of its people and groups."""

    def __init__(self, notebook: KeyValueStore) -> None:
        self._notebook = notebook

    def language(self, person: str) -> str | None:
        """Return the language that a person chose, None where they did not."""
        return self._notebook.get(f"language:{person}")

    def spoken(self, origin: Origin) -> str:
        """Return the language to speak at `origin`: the chosen one, else the app's, else English."""
        return self.language(origin.person) or negotiate(origin.language)

    def choose_language(self, person: str, language: str) -> None:
        """Speak this language with a person from now on."""
        self._notebook.put(f"language:{person}", language)

    def style(self, person: str) -> str | None:
        """Return the style that a person chose as their usual one."""
        return self._notebook.get(f"style:{person}")

    def choose_style(self, person: str, style: str) -> None:
        """Use this style where the person names none."""
        self._notebook.put(f"style:{person}", style)

    def forget(self, person: str) -> None:
        """Forget what a person chose."""
        self._notebook.delete(f"language:{person}", f"style:{person}")

    def rules(self, chat: int) -> GroupRules:
        """Return a group's rules."""
        written = self._notebook.get(f"group:{chat}")
        return GroupRules() if written is None else GroupRules(**json.loads(written))

    def change_rules(self, chat: int, change: Callable[[GroupRules], GroupRules]) -> None:
        """Change some of a group's rules."""
        rules = asdict(change(self.rules(chat)))
        self._notebook.put(f"group:{chat}", json.dumps(rules))

    def may_ask(self, chat: int, person: str, event: str) -> bool:
        """Start the group's cooldown for a person; False while an earlier one still runs."""
        cooldown_s = self.rules(chat).cooldown_s
        key = f"group-cooldown:{chat}:{person}"
        if cooldown_s <= 0 or self._notebook.set_if_absent(key, event, cooldown_s):
            return True
        return self._notebook.get(key) == event

    def give_back(self, chat: int, person: str) -> None:
        """End the group's cooldown of a person whose ask came to nothing."""
        self._notebook.delete(f"group-cooldown:{chat}:{person}")

    def moved(self, old_chat: int, new_chat: int) -> None:
        """Remember that a group became a supergroup, and take its rules along."""
        self._notebook.put(f"moved:{old_chat}", str(new_chat))
        rules = self._notebook.get(f"group:{old_chat}")
        if rules is not None:
            self._notebook.put(f"group:{new_chat}", rules)

    def now_at(self, chat: int) -> int:
        """Return where a chat can be reached now. Only basic groups ever move."""
        if not _SUPERGROUPS_BELOW < chat < 0:
            return chat
        moved = self._notebook.get(f"moved:{chat}")
        return chat if moved is None else int(moved)


class Paintings:
    """The adapter's memory of what it has shown."""

    def __init__(
        self, ledger: Ledger, notebook: KeyValueStore, chats: Chats, keep_s: float
    ) -> None:
        self._ledger = ledger
        self._chats = chats
        self._notebook = notebook
        self._keep_s = keep_s

    def job(self, job_id: str) -> Job | None:
        """Return a job, None once it is forgotten."""
        return self._ledger.find_job(job_id)

    def job_here(self, job_id: str, origin: Origin) -> Job | None:
        """Return a job that may be spoken of at `origin`, None for any other.

        Job ids can be guessed and button data forged: what belongs to another conversation stays there.
        """
        job = self.job(job_id)
        return job if job is not None and self._is_here(job, origin) else None

    def _is_here(self, job: Job, origin: Origin) -> bool:
        if origin.inline and job.platform_data.get("target") == f"inline:{origin.inline}":
            return True
        place = int(job.request.conversation)
        return origin.person == job.request.person or origin.chat in (
            place,
            self._chats.now_at(place),
        )

    def forget(self, platform: str, person: str) -> None:
        """Forget which messages show a person's jobs; to be called before the jobs are forgotten."""
        ids = (
            *self._ledger.open_jobs(platform, person),
            *self._ledger.past_jobs(platform, person, 1_000),
        )
        for job in self._ledger.find_jobs(ids):
            chat, sent = (
                job.request.address.get("chat", ""),
                job.platform_data.get("sent", "").split(","),
            )
            shown = (job.platform_data.get("target", ""), *(f"{chat}:{each}" for each in sent))
            self._notebook.delete(*(f"shown:{each}" for each in shown))

    def remember(
        self, chat: int, messages: tuple[int, ...], job_id: str, files: Mapping[bytes, str]
    ) -> None:
        """Remember that these messages show a job's pictures, and the files that Telegram has of them."""
        shown = {f"shown:{chat}:{message}": job_id for message in messages}
        known = {self.file_key(picture): file_id for picture, file_id in files.items()}
        self._notebook.put_many(shown | known, self._keep_s)

    def shown(self, chat: int, message: int) -> Job | None:
        """Return the job that a message shows, None for any other message."""
        job_id = self._notebook.get(f"shown:{chat}:{message}") if message else None
        return None if job_id is None else self.job(job_id)

    def meant(self, platform: str, heard: MessageEvent) -> Job | None:
        """Return the job that somebody speaks of: the one replied to, else their latest."""
        shown = self.shown(heard.origin.chat, heard.replied_message)
        if shown is not None:
            return shown
        return self._ledger.latest_job(platform, heard.origin.person)

    @staticmethod
    def file_key(picture: bytes) -> str:
        """Return where the file id of a picture is written down."""
        return f"file:{hashlib.sha256(picture).hexdigest()[:40]}"

    def file_of(self, picture: bytes) -> str | None:
        """Return the file id under which Telegram has this picture already."""
        return self._notebook.get(self.file_key(picture))

    def remember_file(self, picture: bytes, file_id: str) -> None:
        """Remember that Telegram has this picture: next time nothing need be uploaded."""
        self._notebook.put(self.file_key(picture), file_id, self._keep_s)

    def forget_file(self, picture: bytes) -> None:
        """Telegram does not have this picture any more."""
        self._notebook.delete(self.file_key(picture))


_INTERVALS_S = (1, 2, 3, 4, 5, 7, 9, 12, 16)
"""Between one look and the next; then ever longer by half."""

INLINE = "inline:"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A message of the bot that stands in a chat while a job is under way."""

    job_id: str
    chat: int
    message: str
    """Its id, or `inline:` and the inline message id of one that was sent as a guest."""
    edits: int = 0
    says: str = ""
    """What it says, as a short code."""

    @property
    def is_inline(self) -> bool:
        """Whether the message was sent as a guest and has no chat that the bot knows."""
        return self.message.startswith(INLINE)

    def edited(self, says: str, at_most_every_s: float) -> tuple[Placeholder, float]:
        """Return the placeholder after an edit, and the seconds until the next look."""
        edits = self.edits + 1
        after = replace(self, edits=edits, says=says)
        return after, max(at_most_every_s, interval_s(edits))


class PlaceholderQueue:
    """The placeholders of the whole bot: a sorted set by the time of the next look, and a hash."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._when = f"{namespace}:notes:telegram:waiting"
        self._what = f"{namespace}:notes:telegram:watched"

    def add(self, placeholder: Placeholder, at: float) -> None:
        """Look at this placeholder at `at` (seconds since the epoch)."""
        name = _name(placeholder)
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(self._what, name, f"{placeholder.edits} {placeholder.chat} {placeholder.says}")
        pipe.zadd(self._when, {name: at})
        pipe.execute()

    def due(self, now: float, most: int) -> list[Placeholder]:
        """Return the placeholders whose time has come, the longest overdue first."""
        ids: Sequence[Any] = self._redis.zrangebyscore(self._when, "-inf", now, start=0, num=most)
        if not ids:
            return []
        names = [text(each) for each in ids]
        rows: Sequence[Any] = self._redis.hmget(self._what, names)
        return [_placeholder(name, row) for name, row in zip(names, rows, strict=True)]

    def drop(self, placeholder: Placeholder) -> None:
        """Look at this one no more."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.zrem(self._when, _name(placeholder))
        pipe.hdel(self._what, _name(placeholder))
        pipe.execute()


def interval_s(edits: int) -> float:
    """Return how long after its n-th edit (1 for the first) a placeholder is left alone."""
    if edits <= len(_INTERVALS_S):
        return float(_INTERVALS_S[edits - 1])
    return _INTERVALS_S[-1] * 1.5 ** (edits - len(_INTERVALS_S))


def standing_code(standing: QueueStatus) -> str:
    """Name what a person would be told; small changes of the wait are not worth an edit."""
    if standing.outcome is not None:
        return f"ended:{standing.outcome.value}"
    if standing.stage is Stage.DELIVER:
        return "delivering"
    if standing.position == 0:
        return f"{standing.stage}:at-work:{round(standing.progress * 4)}"
    return f"{standing.stage}:{standing.position}:{round(standing.wait_s / 10)}"


def _name(placeholder: Placeholder) -> str:
    return f"{placeholder.job_id} {placeholder.message}"


def _placeholder(name: str, row: bytes | None) -> Placeholder:
    job_id, _, message = name.partition(" ")
    edits, chat, says = text(row or b"0 0 ").split(" ", 2)
    return Placeholder(job_id, int(chat), message, int(edits), says)


_LATE_S = 86_400


@dataclass(frozen=True, slots=True)
class Gathered:
    """An album that is complete."""

    key: str
    parts: tuple[bytes, ...]
    heard: MessageEvent
    """Its photos as one message."""


class Albums:
    """Albums that are still coming in. Each part is written before its update counts as taken."""

    def __init__(self, redis: Redis, namespace: str, photos_max: int) -> None:
        self._redis = redis
        self._ns = f"{namespace}:notes:telegram"
        self._photos_max = photos_max

    def add(self, part: MessageEvent, due: float) -> bool:
        """Keep one part; the album is complete at `due`. False when the album is closed already."""
        key = f"{part.origin.chat}:{part.album}"
        if self._redis.exists(f"{self._ns}:album-closed:{key}"):
            return False
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(f"{self._ns}:album:{key}", str(part.origin.message), _written(part))
        pipe.expire(f"{self._ns}:album:{key}", _LATE_S)
        pipe.zadd(f"{self._ns}:albums", {key: due})
        pipe.execute()
        return True

    def due(self, now: float) -> list[Gathered]:
        """Return the albums that are complete, each as one message with all its photos."""
        keys: Sequence[Any] = self._redis.zrangebyscore(f"{self._ns}:albums", "-inf", now)
        return [self._gathered(text(key)) for key in keys]

    def close(self, album: Gathered) -> None:
        """Forget an album that is in the ledger or nobody's business; late parts stand alone."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(f"{self._ns}:album-closed:{album.key}", "1", ex=_LATE_S)
        pipe.hdel(f"{self._ns}:album:{album.key}", *album.parts)
        pipe.hlen(f"{self._ns}:album:{album.key}")
        # A part that came in meanwhile is the next album of this key.
        if pipe.execute()[-1] == 0:
            self._redis.zrem(f"{self._ns}:albums", album.key)

    def _gathered(self, key: str) -> Gathered:
        parts: Mapping[Any, Any] = self._redis.hgetall(f"{self._ns}:album:{key}")
        heard = [_read(parts[name]) for name in sorted(parts, key=int)]
        return Gathered(key, tuple(parts), self._as_one(heard))

    def _as_one(self, heard: list[MessageEvent]) -> MessageEvent:
        speaking = next((part for part in heard if part.words or part.command), heard[0])
        photos = tuple(photo for part in heard for photo in part.photos)
        spoiler = any(part.origin.spoiler for part in heard)
        return replace(
            heard[0],
            origin=replace(heard[0].origin, spoiler=spoiler),
            words=speaking.words,
            command=speaking.command,
            photos=photos[: self._photos_max],
            addressed=any(part.addressed for part in heard),
        )


def _written(part: MessageEvent) -> str:
    return json.dumps(asdict(part))


def _read(written: bytes) -> MessageEvent:
    part = json.loads(written)
    origin = part.pop("origin")
    origin["place"] = Place(origin["place"])
    for name in ("photos", "replied_photos"):
        part[name] = tuple(PhotoRef(**photo) for photo in part[name])
    return MessageEvent(origin=Origin(**origin), **part)
