"""What the harness wants of a platform: people who ask, faults, and books that are not the bot's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bots.i18n import t

PAINTING, APOLOGY = "painting", "apology"

_SORRY = tuple(t("en", key) for key in ("apology-truncated", "apology-our-fault"))


@dataclass(frozen=True)
class Books:
    """Who asked and what was answered, as it can be seen on the platform."""

    of: int
    """How many asks there are in all."""
    answers: Mapping[str, Sequence[str]]
    """What each ask that has an answer was answered, by the platform's id of the ask."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """What went wrong, and how often."""

    @property
    def lost(self) -> int:
        """Asks without any answer."""
        return self.of - len(self.answers)

    @property
    def doubled(self) -> int:
        """Answers that came on top of a first one."""
        return sum(len(said) - 1 for said in self.answers.values())

    def first(self, what: str) -> int:
        """Asks that were first answered in this way."""
        return sum(said[0] == what for said in self.answers.values())


class World(Protocol):
    """A platform as it stands while the bot falls and rises. It is never killed."""

    @property
    def intake(self) -> Sequence[str]:
        """The module and arguments of the bot's listening process."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What the bot's processes must know to find this world."""
        ...

    def act(self, most: int) -> int:
        """Let up to `most` more people ask, and return how many did; called again and again."""
        ...

    def books(self) -> Books:
        """Return the books as they stand."""
        ...

    def close(self) -> None:
        """End the world."""
        ...


def is_apology(text: str) -> bool:
    """Tell an apology from the other sentences that the bot says to who sent a photo."""
    return text.startswith(_SORRY)
