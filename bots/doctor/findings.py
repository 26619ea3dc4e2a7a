"""One line of the doctor's report, and the protocol by which other rooms add theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tasks.services import Services

GROUP = "suisai.checks"
"""Entry points of this group name functions that follow `Checks`."""


class Light(StrEnum):
    """How a finding is to be taken."""

    GREEN = "green"
    YELLOW = "yellow"
    """The bot runs, but not as well as it could, or not for long."""
    RED = "red"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one thing found."""

    what: str
    """The thing that was looked at, in a word or two."""
    light: Light
    says: str
    mend: str = ""
    """The command or the step that mends it; empty where nothing is wrong."""


class Checks(Protocol):
    """Looks at what one room needs. May ask its platform over the network, once."""

    def __call__(self, services: Services) -> Iterable[Finding]:
        """Yield findings; an exception becomes a red one."""
        ...


def green(what: str, says: str) -> Finding:
    """Find nothing wrong."""
    return Finding(what, Light.GREEN, says)


def yellow(what: str, says: str, mend: str) -> Finding:
    """Find something that will not do for long."""
    return Finding(what, Light.YELLOW, says, mend)


def red(what: str, says: str, mend: str) -> Finding:
    """Find something that does not work."""
    return Finding(what, Light.RED, says, mend)
