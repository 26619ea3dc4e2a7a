"""What `suisai setup` asks, and the protocol by which a platform brings its own questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

GROUP = "suisai.setup"
"""Entry points of this group name objects that follow `Questions`."""


class NotAccepted(Exception):
    """What was typed does not work; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Question:
    """One setting to ask for."""

    variable: str
    """As in the environment, e.g. `SUISAI_TELEGRAM_TOKEN`."""
    words: str
    secret: bool = False
    needed: bool = True
    """False: an empty answer leaves it unset."""


class Questions(Protocol):
    """What one platform must know before it can speak."""

    title: str
    how: str
    """Where the operator gets what is asked for, in a sentence or two."""
    questions: tuple[Question, ...]

    def is_answered(self) -> bool:
        """Tell whether the settings in force are enough already."""
        ...

    def check(self, answers: Mapping[str, str]) -> str:
        """Try the answers at once and say in one line what came of it. Raises `NotAccepted`."""
        ...
