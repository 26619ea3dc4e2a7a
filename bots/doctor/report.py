"""One line of the doctor's report, and the protocol by which other rooms add theirs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tasks.services import Services

GROUP = "suisai.checks"
"""Entry points of this group name functions that follow `Checks`."""


class Severity(StrEnum):
    """How a finding is to be taken."""

    OK = "ok"
    WARNING = "warning"
    """The bot runs, but not as well as it could, or not for long."""
    ERROR = "error"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look at one thing found."""

    what: str
    """The thing that was looked at, in a word or two."""
    severity: Severity
    message: str
    fix: str = ""
    """The command or the step that mends it; empty where nothing is wrong."""


class Checks(Protocol):
    """Looks at what one room needs. May ask its platform over the network, once."""

    def __call__(self, services: Services) -> Iterable[Finding]:
        """Yield findings; an exception becomes a red one."""
        ...


def passed(what: str, says: str) -> Finding:
    """Find nothing wrong."""
    return Finding(what, Severity.OK, says)


def warning(what: str, says: str, mend: str) -> Finding:
    """Find something that will not do for long."""
    return Finding(what, Severity.WARNING, says, mend)


def failure(what: str, says: str, mend: str) -> Finding:
    """Find something that does not work."""
    return Finding(what, Severity.ERROR, says, mend)
