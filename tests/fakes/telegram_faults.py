"""Faults on script: what goes wrong, with which method, how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class CallFault:
    """One way in which calls of a method fail."""

    method: str
    times: int = 1
    status: int = 0
    """Answer this HTTP status instead of doing anything."""
    description: str = "Internal Server Error"
    error_code: int = 0
    """What the body says, where that is not the HTTP status."""
    page: bytes = b""
    """Answer with this page instead of JSON, as a proxy does."""
    parameters: dict[str, Any] = field(default_factory=dict)
    cut: bool = False
    """Cut the connection instead of doing anything."""
    lost: bool = False
    """Do what is asked, then cut the connection: the answer is lost."""
    hold: threading.Event | None = None
    """Before (or, with `lost`, after) doing it, wait until the test says so."""
    after: bool = False
    """Do what is asked, and wait with the answer as `hold` says."""
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a call runs into this fault."""
    chat: int | None = None
    """Only calls that name this chat."""


class CallFaults:
    """The script of one server."""

    def __init__(self) -> None:
        self._script: list[CallFault] = []

    def add(self, fault: CallFault) -> CallFault:
        """Let the next `times` calls of the method fail this way."""
        self._script.append(fault)
        return fault

    def clear(self) -> None:
        """Let nothing fail any more."""
        self._script.clear()

    def next(self, method: str, chat: int | None) -> CallFault | None:
        """Return the fault that a call of this method runs into, None for none."""
        for fault in self._script:
            if fault.method == method and fault.times > 0 and fault.chat in (None, chat):
                fault.times -= 1
                return fault
        return None
