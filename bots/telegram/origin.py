"""Where a message came from, and so where its answer goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Place(StrEnum):
    """What kind of conversation a message came from."""

    PRIVATE = "private"
    GROUP = "group"
    GUEST = "guest"
    """A chat where the bot is no member and was only mentioned."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A message in its chat, as the answer's address."""

    chat: int
    message: int
    """The message that is answered; 0 where there is none."""
    person: str
    place: Place = Place.PRIVATE
    thread: int | None = None
    """The forum topic."""
    guest_query: str = ""
    inline: str = ""
    """The inline message that becomes the painting, where a button under one was pressed."""
    language: str = ""
    """What the person's app is set to, empty where unknown."""

    @property
    def private(self) -> bool:
        """Whether nobody else reads along."""
        return self.place is Place.PRIVATE

    def address(self) -> dict[str, str]:
        """Return what `read` needs, for a job's record."""
        written = {"chat": str(self.chat), "message": str(self.message), "place": self.place.value}
        if self.thread is not None:
            written["thread"] = str(self.thread)
        if self.inline:
            written["inline"] = self.inline
        return written


def read(address: Mapping[str, str], person: str, language: str) -> Origin:
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
    )
