"""The adapter's stored state: choices, moved groups, shown paintings, placeholders, incoming albums.

All of it is in the platform's key-value store, so that all processes share it and restarts lose nothing.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from bots.i18n import negotiate
from bots.telegram.events import MessageEvent, Origin, Place
from bots.telegram.settings import PLATFORM
from tasks.kv import Batch, KeyValueStore, Scheduled
from tasks.ledger.ledger import Ledger
from tasks.models import Job, PhotoRef, QueueStatus, Stage

INLINE = "inline:"
"""Before the id of a message that was sent as a guest: it has no chat that the bot knows."""

_SUPERGROUPS_BELOW = -1_000_000_000_000


@dataclass(frozen=True, slots=True)
class GroupRules:
    """The settings of a group, made by its admins."""

    style: str = ""
    """The style where a message names none; empty: the person's own."""
    cooldown_s: float = 0.0
    """Between two requests of one person in this group, beside the bot's own."""
    others: bool = True
    """Members may have other members' photos painted."""


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices that apply to a message: those of its person and of its group."""

    language: str
    style: str
    """The person's own or the group's; empty where neither chose one."""
    rules: GroupRules


class Chats:
    """Choices of people and groups, and the new ids of groups that became supergroups."""

    def __init__(self, kv: KeyValueStore) -> None:
        self._kv = kv

    def choices(self, origin: Origin) -> Choices:
        """Return what holds for a message. One round trip."""
        person = origin.person
        keys = (f"language:{person}", f"style:{person}", f"group:{origin.chat}")
        language, style, group = self._kv.get_many(*keys)
        rules = _rules(group) if origin.place is Place.GROUP else GroupRules()
        return Choices(language or negotiate(origin.language), rules.style or style or "", rules)

    def language(self, origin: Origin) -> str:
        """Return the language to use at `origin`: the chosen one, else the app's, else English."""
        return self._kv.get(f"language:{origin.person}") or negotiate(origin.language)

    def choose_language(self, person: str, language: str) -> None:
        """Store the language of a person."""
        self._kv.put(f"language:{person}", language, person=person)

    def choose_style(self, person: str, style: str) -> None:
        """Store the default style of a person."""
        self._kv.put(f"style:{person}", style, person=person)

    def forget(self, person: str) -> None:
        """Delete a person's choices."""
        self._kv.delete(f"language:{person}", f"style:{person}")

    def rules(self, chat: int) -> GroupRules:
        """Return a group's rules."""
        return _rules(self._kv.get(f"group:{chat}"))

    def change_rules(self, chat: int, change: Callable[[GroupRules], GroupRules]) -> None:
        """Change some of a group's rules."""
        rules = asdict(change(self.rules(chat)))
        self._kv.put(f"group:{chat}", json.dumps(rules))

    def start_cooldown(self, chat: int, person: str, event: str, cooldown_s: float) -> bool:
        """Start the group's cooldown for a person; False while an earlier one still runs."""
        key = f"group-cooldown:{chat}:{person}"
        if cooldown_s <= 0 or self._kv.set_if_absent(key, event, cooldown_s, person):
            return True
        return self._kv.get(key) == event

    def give_back(self, chat: int, person: str) -> None:
        """End the group's cooldown of a person whose request was refused."""
        self._kv.delete(f"group-cooldown:{chat}:{person}")

    def moved(self, old_chat: int, new_chat: int) -> None:
        """Store that a group became a supergroup, and move its rules."""
        self._kv.put(f"moved:{old_chat}", str(new_chat))
        rules = self._kv.get(f"group:{old_chat}")
        if rules is not None:
            # Telegram may tell of the move again when the new chat has rules of its own.
            self._kv.set_if_absent(f"group:{new_chat}", rules)

    def now_at(self, chat: int) -> int:
        """Return where a chat can be reached now. Only basic groups ever move."""
        if not _SUPERGROUPS_BELOW < chat < 0:
            return chat
        moved = self._kv.get(f"moved:{chat}")
        return chat if moved is None else int(moved)


def _person_in(chat: int) -> str:
    """Return whose private chat this is: it has the id of its person. Empty for a group."""
    return str(chat) if chat > 0 else ""


def _rules(written: str | None) -> GroupRules:
    return GroupRules() if written is None else GroupRules(**json.loads(written))


class Paintings:
    """Which of the bot's messages show which job, and the files that Telegram has of them."""

    def __init__(self, ledger: Ledger, kv: KeyValueStore, chats: Chats, keep_s: float) -> None:
        self._ledger = ledger
        self._chats = chats
        self._kv = kv
        self._keep_s = keep_s

    def job(self, job_id: str) -> Job | None:
        """Return a job of Telegram, None once it is forgotten.

        A person of another platform may have the same number; their jobs are not found here.
        """
        job = self._ledger.find_job(job_id)
        return job if job is not None and job.request.platform == PLATFORM else None

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
            chat, sent = job.request.address.get("chat", ""), job.platform_data.get("sent", "")
            shown = (job.platform_data.get("target", ""), *(f"{chat}:{m}" for m in sent.split(",")))
            self._kv.delete(*(f"shown:{each}" for each in shown))

    def remember(
        self,
        chat: int,
        messages: tuple[int, ...],
        job_id: str,
        files: Mapping[bytes, str],
        data: Mapping[str, str],
        settled: Placeholder | None = None,
        person: str = "",
    ) -> None:
        """Remember that these messages show a job's pictures, and the files that Telegram has of them.

        `data`: what the job's record keeps with it. `settled`: a placeholder that need not be looked at any
        more. `person`: whose job it is; this is forgotten with the person. One round trip.
        """
        person = person or _person_in(chat)
        with self._kv.batch() as batch:
            for message in messages:
                batch.put(f"shown:{chat}:{message}", job_id, self._keep_s, person)
            for picture, file_id in files.items():
                batch.put(self.file_key(picture), file_id, self._keep_s, person)
            if settled is not None:
                batch.unschedule(_PLACEHOLDERS, settled.item)
            self._ledger.add_platform_data(batch, job_id, **data)

    def shown(self, chat: int, message: int) -> Job | None:
        """Return the job that a message shows, None for any other message."""
        job_id = self._kv.get(f"shown:{chat}:{message}") if message else None
        return None if job_id is None else self.job(job_id)

    def meant(self, platform: str, message: MessageEvent) -> Job | None:
        """Return the job that a message is about: the one replied to, else the person's latest."""
        shown = self.shown(message.origin.chat, message.replied_message)
        return shown or self._ledger.latest_job(platform, message.origin.person)

    @staticmethod
    def file_key(picture: bytes) -> str:
        """Return where the file id of a picture is written down."""
        return f"file:{hashlib.sha256(picture).hexdigest()[:40]}"

    def files_of(self, pictures: Sequence[bytes]) -> list[str | None]:
        """Return for each picture the file id under which Telegram has it already."""
        return self._kv.get_many(*map(self.file_key, pictures))

    def file_of(self, picture: bytes) -> str | None:
        """Return the file id under which Telegram has this picture already."""
        return self._kv.get(self.file_key(picture))

    def remember_file(self, picture: bytes, file_id: str, person: str) -> None:
        """Store the file id of a person's picture, so that it is not uploaded again."""
        self._kv.put(self.file_key(picture), file_id, self._keep_s, person)

    def forget_file(self, picture: bytes) -> None:
        """Delete the file id of a picture that Telegram no longer has."""
        self._kv.delete(self.file_key(picture))


_COMPARED_EVERY_S = 60.0


class StoreClock:
    """The store's clock, which orders what several machines write; asked once a minute."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ahead_s = 0.0
        self._compared = float("-inf")

    def now(self) -> float:
        """Return the store's time, seconds since the epoch. Raises `StoreError`."""
        if time.monotonic() - self._compared > _COMPARED_EVERY_S:
            self._ahead_s = self._ledger.now() - time.time()
            self._compared = time.monotonic()
        return time.time() + self._ahead_s


_PLACEHOLDERS = "placeholders"
_DELETABLE_S = 48 * 3600.0
"""How long a bot can delete its messages."""
_INTERVALS_S = (1, 2, 3, 4, 5, 7, 9, 12, 16)
"""Between one look and the next; then ever longer by half."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A message of the bot that promises an answer: it is edited, replaced by the answer, or removed."""

    job_id: str
    chat: int
    message: str
    """Its id, or `inline:` and the inline message id of one that was sent as a guest."""
    edits: int = 0
    says: str = ""
    """Its content, as a short code."""

    @property
    def is_inline(self) -> bool:
        """Return whether the message was sent as a guest."""
        return self.message.startswith(INLINE)

    @property
    def written(self) -> str:
        """Return the name of this message in a job's record."""
        return self.message if self.is_inline else f"{self.chat}:{self.message}"

    @property
    def item(self) -> str:
        """The name of this placeholder in the queue."""
        return f"{self.job_id} {self.message}"

    def edited(self, says: str, at_most_every_s: float) -> tuple[Placeholder, float]:
        """Return the placeholder after an edit, and the seconds until the next look."""
        edits = self.edits + 1
        after = replace(self, edits=edits, says=says)
        return after, max(at_most_every_s, interval_s(edits))


class PlaceholderQueue:
    """The placeholders of the whole bot by the time of the next look."""

    def __init__(self, ledger: Ledger, kv: KeyValueStore) -> None:
        self._ledger = ledger
        self._kv = kv

    def add(self, placeholder: Placeholder, at: float) -> None:
        """Look at this placeholder at `at` (seconds since the epoch)."""
        with self._kv.batch() as batch:
            _schedule(batch, placeholder, at)

    def record(self, placeholder: Placeholder, at: float) -> None:
        """Write down a placeholder that was just sent, in the job's record, too. One round trip.

        Raises `UnknownJob` for a job that is deleted; the placeholder is looked at all the same.
        """
        with self._kv.batch() as batch:
            _schedule(batch, placeholder, at)
            stands = self._ledger.add_platform_swap(
                batch, placeholder.job_id, "placeholder", "", placeholder.written
            )
        stands()

    def name_target(
        self, placeholder: Placeholder, old: str, at: float | None, picture: bytes | None
    ) -> tuple[str, str]:
        """Make a message the one that becomes the answer, unless the job's record names another.

        `old`: what the record is expected to say. `at`: when to look at a new message, so that its words
        are taken back where nobody makes the answer of it. Return what the record says afterwards, and
        the file id under which Telegram has `picture`, '' where it does not. One round trip. Raises
        `UnknownJob`.
        """
        with self._kv.batch() as batch:
            if at is not None:
                _schedule(batch, placeholder, at)
            stands = self._ledger.add_platform_swap(
                batch, placeholder.job_id, "target", old, placeholder.written
            )
            known = None if picture is None else batch.get(Paintings.file_key(picture))
        return stands(), (known.value if known else None) or ""

    def due(self, now: float, most: int) -> list[Placeholder]:
        """Return the placeholders whose time has come, the longest overdue first."""
        return [_placeholder(each) for each in self._kv.due(_PLACEHOLDERS, now, most)]

    def drop(self, placeholder: Placeholder) -> None:
        """Remove a placeholder from the queue."""
        with self._kv.batch() as batch:
            batch.unschedule(_PLACEHOLDERS, placeholder.item)


def _schedule(batch: Batch, placeholder: Placeholder, at: float) -> None:
    value = f"{placeholder.edits} {placeholder.chat} {placeholder.says}"
    person = _person_in(placeholder.chat)
    batch.schedule(_PLACEHOLDERS, placeholder.item, value, at, person)
    # Forgetting the person drops the item: nobody else would take the message back.
    batch.note_message(placeholder.written, _DELETABLE_S, person)


def _placeholder(scheduled: Scheduled) -> Placeholder:
    job_id, _, message = scheduled.item.partition(" ")
    edits, chat, says = (scheduled.value or "0 0 ").split(" ", 2)
    return Placeholder(job_id, int(chat), message, int(edits), says)


def interval_s(edits: int) -> float:
    """Return the seconds until the next edit after the n-th one (1 for the first)."""
    if edits <= len(_INTERVALS_S):
        return float(_INTERVALS_S[edits - 1])
    return _INTERVALS_S[-1] * 1.5 ** (edits - len(_INTERVALS_S))


def status_code(status: QueueStatus) -> str:
    """Return a code for a status text; the same code means that an edit is not worthwhile."""
    if status.outcome is not None:
        return f"ended:{status.outcome.value}"
    if status.stage is Stage.DELIVER:
        return "delivering"
    if status.paused:
        return "paused"
    if status.position == 0:
        return f"{status.stage}:at-work:{round(status.progress * 4)}"
    return f"{status.stage}:{status.position}:{round(status.wait_s / 10)}"


_ALBUMS = "albums"
_LATE_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Album:
    """An album that is complete."""

    key: str
    parts: tuple[str, ...]
    """The queue's items that it was made of."""
    message: MessageEvent
    """Its photos as one message."""


class Albums:
    """Albums that are still arriving: Telegram sends each photo as a separate message.

    Each part is stored before its update is confirmed.
    """

    def __init__(self, kv: KeyValueStore, photos_max: int) -> None:
        self._kv = kv
        self._photos_max = photos_max

    def add(self, part: MessageEvent, due: float) -> bool:
        """Store one part; the album is complete at `due`. Return False if the album is closed already."""
        key = f"{part.origin.chat}:{part.album}"
        if self._kv.get(f"album-closed:{key}"):
            return False
        with self._kv.batch() as batch:
            item = f"{key} {part.origin.message}"
            batch.schedule(_ALBUMS, item, _written(part), due, part.origin.person)
        return True

    def due(self, now: float) -> tuple[list[Album], float]:
        """Return the albums for which no photo has come for long enough, each as one message.

        And when the next one is due, `inf` where no other is coming in.
        """
        parts: dict[str, list[Scheduled]] = {}
        for part in self._kv.scheduled(_ALBUMS):
            parts.setdefault(part.item.partition(" ")[0], []).append(part)
        times = {key: max(part.at for part in each) for key, each in parts.items()}
        complete = [self._whole(key, parts[key]) for key, at in times.items() if at <= now]
        return complete, min((at for at in times.values() if at > now), default=float("inf"))

    def close(self, album: Album) -> None:
        """Drop a finished or ignored album; photos that arrive later are separate messages."""
        with self._kv.batch() as batch:
            person = album.message.origin.person
            batch.put(f"album-closed:{album.key}", "1", _LATE_S, person)
            batch.unschedule(_ALBUMS, *album.parts)

    def _whole(self, key: str, parts: Iterable[Scheduled]) -> Album:
        ordered = sorted(parts, key=lambda part: int(part.item.partition(" ")[2]))
        messages = [_read(part.value) for part in ordered]
        speaking = next((each for each in messages if each.words or each.command), messages[0])
        photos = tuple(photo for each in messages for photo in each.photos)
        spoiler = any(each.origin.spoiler for each in messages)
        whole = replace(
            messages[0],
            origin=replace(messages[0].origin, spoiler=spoiler),
            words=speaking.words,
            command=speaking.command,
            photos=photos[: self._photos_max],
            addressed=any(each.addressed for each in messages),
        )
        return Album(key, tuple(part.item for part in ordered), whole)


def _written(part: MessageEvent) -> str:
    return json.dumps(asdict(part))


def _read(written: str) -> MessageEvent:
    part = json.loads(written)
    origin = part.pop("origin")
    origin["place"] = Place(origin["place"])
    for name in ("photos", "replied_photos"):
        part[name] = tuple(PhotoRef(**photo) for photo in part[name])
    return MessageEvent(origin=Origin(**origin), **part)
