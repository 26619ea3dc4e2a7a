"""What the bot can hear on Telegram: the values that updates are parsed into, once."""

from __future__ import annotations

from dataclasses import dataclass

from bots.telegram.origin import Origin
from tasks.contract import PhotoRef


@dataclass(frozen=True, slots=True)
class Heard:
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
    """Meant for the bot: always in private, by mention, reply or named command elsewhere."""
    album: str = ""
    """Id that the photos of one album share."""

    @property
    def event(self) -> str:
        """The message's name for the ledger, the same however often the update comes."""
        return f"message:{self.origin.chat}:{self.origin.message}"


@dataclass(frozen=True, slots=True)
class Pressed:
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
        """The press's name for the ledger."""
        return f"press:{self.query}"


@dataclass(frozen=True, slots=True)
class Typed:
    """Somebody types the bot's name in any chat (inline mode)."""

    query: str
    person: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A group became a supergroup and has another id now."""

    old_chat: int
    new_chat: int


News = Heard | Pressed | Typed | Moved
