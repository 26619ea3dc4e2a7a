"""Errors of the pipeline that carry a reason for the person who sent the photo."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class UserFacingError(Exception):
    """An error whose message is all that a person needs: what happened, and what to do next."""


class PhotoRefused(Exception):
    """The photo cannot or must not be painted, and it is the photo that is at fault.

    `reason` is a stable code (`empty`, `truncated`, `too-small`, ...) that the edge turns into words;
    `facts` are the values those words may name.
    """

    def __init__(self, reason: str, **facts: str | int) -> None:
        super().__init__(f"{reason} {facts}" if facts else reason)
        self.reason = reason
        self.facts: Mapping[str, str | int] = MappingProxyType(facts)


class PaintingFailed(Exception):
    """The engine could not paint this photo; another try may do. `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PaintingCancelled(Exception):
    """Nobody wants this batch any more."""


class EngineUnusable(UserFacingError):
    """This machine cannot run the engine (or no longer can); the message says what would help."""
