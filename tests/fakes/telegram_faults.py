"""A script of faults: which calls fail, how, and how often."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class CallFault:
    """One kind of failure of a method's calls."""

    method: str
    times: int = 1
    status: int = 0
    """Respond with this HTTP status and do nothing else."""
    description: str = "Internal Server Error"
    error_code: int = 0
    """The `error_code` in the body, if it differs from the HTTP status."""
    page: bytes = b""
    """Respond with this page instead of JSON, like a proxy."""
    parameters: dict[str, Any] = field(default_factory=dict)
    cut: bool = False
    """Cut the connection and do nothing else."""
    lost: bool = False
    """Execute the call, then cut the connection, so that the response is lost."""
    hold: threading.Event | None = None
    """Wait for this event before (with `lost`: after) executing the call."""
    after: bool = False
    """Execute the call, and wait for `hold` before responding."""
    reached: threading.Event = field(default_factory=threading.Event)
    """Set when a call gets this fault."""
    chat: int | None = None
    """Only calls with this chat."""


class CallFaults:
    """The script of one server."""

    def __init__(self) -> None:
        self._script: list[CallFault] = []

    def add(self, fault: CallFault) -> CallFault:
        """Let the next `times` calls of the method fail this way."""
        self._script.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        self._script.clear()

    def next(self, method: str, chat: int | None) -> CallFault | None:
        """Return the fault for a call of this method, None if there is none."""
        for fault in self._script:
            if fault.method == method and fault.times > 0 and fault.chat in (None, chat):
                fault.times -= 1
                return fault
        return None
