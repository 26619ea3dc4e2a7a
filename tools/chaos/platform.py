"""The interface of a platform for a chaos run: requests, faults, and answers counted without the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from redis import Redis

from bots.i18n import t

PAINTING, APOLOGY = "painting", "apology"

_APOLOGIES = tuple(t("en", key) for key in ("apology-truncated", "apology-our-fault"))


@dataclass(frozen=True)
class Tally:
    """Requests and answers, counted on the platform."""

    of: int
    """Number of all requests."""
    answers: Mapping[str, Sequence[str]]
    """The answers of each answered request, by the platform's id of the request."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Injected fault -> how often."""
    promises_left: int = 0
    """Number of messages that still promise an answer although their jobs have ended."""

    @property
    def lost(self) -> int:
        """Requests without any answer."""
        return self.of - len(self.answers)

    @property
    def doubled(self) -> int:
        """Answers beyond the first of each request."""
        return sum(len(said) - 1 for said in self.answers.values())

    def first(self, what: str) -> int:
        """Requests whose first answer was of this kind."""
        return sum(said[0] == what for said in self.answers.values())


class ChaosPlatform(Protocol):
    """A platform on which the bot runs. The platform itself is not killed."""

    @property
    def listener(self) -> Sequence[str]:
        """The module and arguments of the bot's listening process."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables that connect the bot's processes to this platform."""
        ...

    @property
    def resumes(self) -> Sequence[str]:
        """The platforms whose delivery is resumed regularly, because some faults need an operator."""
        ...

    def audit(self, redis: Redis, namespace: str) -> tuple[Mapping[str, int], list[str]]:
        """Check further invariants; return counts of what happened, and the violations."""
        ...

    def send_requests(self, most: int) -> int:
        """Send up to `most` more requests; return how many were sent."""
        ...

    def tally(self) -> Tally:
        """Return requests and answers so far."""
        ...

    def close(self) -> None:
        """Stop serving."""
        ...


def is_apology(text: str) -> bool:
    """Return whether a text of the bot is an apology."""
    return text.startswith(_APOLOGIES)
