"""Errors of the pipeline that carry a reason for the person who sent the photo."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class UserFacingError(Exception):
    """An error whose message is shown to people without a traceback: what happened and what to do."""


class PhotoRefused(Exception):
    """The photo cannot or must not be painted, because of its content.

    `reason` is a stable code (`empty`, `truncated`, `too-small`, ...) that adapters translate into a
    message; `facts` are values for the placeholders of that message.
    """

    def __init__(self, reason: str, **facts: str | int) -> None:
        super().__init__(f"{reason} {facts}" if facts else reason)
        self.reason = reason
        self.facts: Mapping[str, str | int] = MappingProxyType(facts)


class PaintingFailed(Exception):
    """The engine could not paint this photo; a retry may succeed. `reason` is a stable code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PaintingCancelled(Exception):
    """Raised by a progress callback to stop a batch whose jobs were all cancelled."""


class EngineUnusable(UserFacingError):
    """This process cannot run the engine, or no longer can; the message says what to do."""
