"""One line of the doctor's report, and the protocol of a platform's checks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from tasks.services import Services


class Severity(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    """The bot runs, but badly, or only for a while."""
    ERROR = "error"
    """Something does not work."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    what: str
    """What was checked, in a word or two."""
    severity: Severity
    message: str
    fix: str = ""
    """The command or the step that fixes it; empty if nothing is wrong."""


class Checks(Protocol):
    """The checks of one platform. May call the platform over the network, once."""

    def __call__(self, services: Services | None) -> Iterable[Finding]:
        """Yield findings; an exception becomes a finding of severity ERROR.

        `services` is None if the ledger is unreachable: then only checks that do not need it run.
        If no process sends heartbeats, checks of running processes are skipped.
        """
        ...


def passed(what: str, message: str) -> Finding:
    """Return a finding of something that works."""
    return Finding(what, Severity.OK, message)


def warning(what: str, message: str, fix: str) -> Finding:
    """Return a finding of something that needs attention."""
    return Finding(what, Severity.WARNING, message, fix)


def failure(what: str, message: str, fix: str) -> Finding:
    """Return a finding of something that does not work."""
    return Finding(what, Severity.ERROR, message, fix)
