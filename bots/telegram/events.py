"""The values that updates are parsed into: messages, buttons, and where their answers go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telegram import PhotoSize

from tasks.models import PhotoRef


@dataclass(frozen=True, slots=True)
class BotIdentity:
    """The bot's own account."""

    id: int
    username: str
    """Empty if the server does not tell it; then the bot cannot be mentioned."""


class Place(StrEnum):
    """What kind of conversation a message came from."""

    PRIVATE = "private"
    GROUP = "group"
    GUEST = "guest"
    """A chat where the bot is not a member and was only mentioned."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A message in its chat, as the answer's address."""

    chat: int
    message: int
    """The message that is answered; 0 if there is none."""
    person: str
    place: Place = Place.PRIVATE
    thread: int | None = None
    """The forum topic."""
    guest_query: str = ""
    inline: str = ""
    """The inline message that becomes the painting, if a button under one was pressed."""
    language: str = ""
    """The language of the person's app; empty if unknown."""
    spoiler: bool = False
    """The photo has a spoiler (hidden until tapped), and so gets its painting."""

    @property
    def private(self) -> bool:
        """Return whether only the person and the bot can read the chat."""
        return self.place is Place.PRIVATE

    def address(self) -> dict[str, str]:
        """Return what `origin_from_address` needs, for a job's record."""
        written = {"chat": str(self.chat), "message": str(self.message), "place": self.place.value}
        if self.thread is not None:
            written["thread"] = str(self.thread)
        if self.inline:
            written["inline"] = self.inline
        if self.spoiler:
            written["spoiler"] = "1"
        return written


def origin_from_address(address: Mapping[str, str], person: str, language: str) -> Origin:
    """Return the origin that wrote this address into a job's record."""
    thread = address.get("thread")
    return Origin(
        chat=int(address["chat"]),
        message=int(address["message"]),
        person=person,
        place=Place(address["place"]),
        thread=None if thread is None else int(thread),
        inline=address.get("inline", ""),
        language=language,
        spoiler=address.get("spoiler") == "1",
    )


@dataclass(frozen=True, slots=True)
class MessageEvent:
    """A message."""

    origin: Origin
    words: str = ""
    """Text or caption without the command and without the bot's name."""
    command: str = ""
    """`style` of `/style watercolor`; empty where the message is no command for this bot."""
    photos: tuple[PhotoRef, ...] = ()
    replied_photos: tuple[PhotoRef, ...] = ()
    """Photos of the message that this one replies to."""
    replied_message: int = 0
    replied_to_bot: bool = False
    addressed: bool = True
    """Addressed to the bot: always in private, elsewhere by mention, reply or named command."""
    album: str = ""
    """Id that the photos of one album share."""

    @property
    def event(self) -> str:
        """Return the event id for the ledger; the same for every delivery of the update."""
        return f"message:{self.origin.chat}:{self.origin.message}"


@dataclass(frozen=True, slots=True)
class ButtonEvent:
    """A button was pressed."""

    origin: Origin
    """The pressed message's place; `message` is what that message had answered, 0 if unknown."""
    query: str
    data: str
    shown: int = 0
    """The message that carries the button, 0 for an inline message."""
    answered_photos: tuple[PhotoRef, ...] = ()
    """Photos of the message that the pressed one replies to."""

    @property
    def event(self) -> str:
        """Return the event id of the press for the ledger."""
        return f"press:{self.query}"


@dataclass(frozen=True, slots=True)
class InlineQueryEvent:
    """Somebody types the bot's name in any chat (inline mode)."""

    query: str
    person: str


@dataclass(frozen=True, slots=True)
class ChatMigrated:
    """A group became a supergroup and has another id now."""

    old_chat: int
    new_chat: int


Event = MessageEvent | ButtonEvent | InlineQueryEvent | ChatMigrated


def largest(sizes: Sequence[PhotoSize]) -> str:
    """Return the file of a photo in its largest size; Telegram promises no order."""
    return max(sizes, key=lambda size: size.width * size.height).file_id
