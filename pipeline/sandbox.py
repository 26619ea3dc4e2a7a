"""Runs untrusted work in child processes with limits, from any thread."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass

from pipeline.contract import Explained
from pipeline.nursery import ANSWER, DIED, REQUEST, receive

GRACE_S = 5.0
"""How much longer than its job's wall time the nursery itself is waited for."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """What one job may use."""

    memory_bytes: int
    """On top of what the nursery itself has mapped."""
    cpu_s: float
    wall_s: float


class JobDied(Exception):
    """The child was ended by a signal (0: it ended itself) before it answered."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number

    @property
    def over_work(self) -> bool:
        """Whether the job used up its processor time: it is the job that is too much."""
        return self.signal_number in (signal.SIGPROF, signal.SIGXCPU)

    @property
    def over_time(self) -> bool:
        """Whether the clock ended it, with processor time left: the machine gave it too little."""
        return self.signal_number == signal.SIGALRM


class SandboxUnusable(Explained):
    """No child can be had on this machine now: the machine's fault, not the job's."""


class Sandbox:
    """Does one kind of job, each in its own child of a nursery that is started at the first one.

    `job` names a function from a bytearray to bytes as `module:function`.
    """

    def __init__(self, job: str) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._nursery: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def run(self, request: bytes, allowance: Allowance) -> bytearray:
        """Return what the job makes of a request. Raises `JobDied` and `SandboxUnusable`."""
        for _ in range(2):
            near, control = self._child()
            with near, suppress(EOFError, ConnectionError):
                near.settimeout(allowance.wall_s + GRACE_S)
                try:
                    return _converse(near, request, allowance)
                except TimeoutError:
                    self._discard(control)
                    raise SandboxUnusable(
                        "The process that opens photos does not answer; is this machine overloaded?"
                    ) from None
            # The nursery ended (somebody killed it): a new one gets the job.
            self._discard(control)
        raise SandboxUnusable(
            "The process that opens photos ends before it answers; its own error is above."
        )

    def close(self) -> None:
        """End the nursery, if this process started one, after the jobs that it has."""
        self._discard(self._control, GRACE_S)

    def _child(self) -> tuple[socket.socket, socket.socket]:
        try:
            near, far = socket.socketpair()
            with far, self._lock:
                control = self._control
                if control is None or self._owner != os.getpid():
                    control = self._control = self._start()
                with suppress(BrokenPipeError):  # a dead nursery shows itself by silence, too
                    socket.send_fds(control, [b"j"], [far.fileno()])
        except OSError as error:
            raise SandboxUnusable(f"No process can be started to open photos: {error}") from error
        return near, control

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._nursery = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.nursery", self._job],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={
                    "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path),
                    # One arena: the address space is limited, and each arena reserves 64 MB of it.
                    "MALLOC_ARENA_MAX": "1",
                    "OPENBLAS_NUM_THREADS": "1",
                },
                start_new_session=True,
            )
        self._owner = os.getpid()
        return ours

    def _discard(self, control: socket.socket | None, grace_s: float = 0.0) -> None:
        with self._lock:
            if control is None or control is not self._control:
                return  # another thread has replaced it already
            nursery, self._nursery, self._control = self._nursery, None, None
            control.close()
            if nursery and self._owner == os.getpid():
                with suppress(subprocess.TimeoutExpired):
                    nursery.wait(grace_s)
                nursery.kill()
                nursery.wait()


def _converse(near: socket.socket, request: bytes, allowance: Allowance) -> bytearray:
    head = REQUEST.pack(allowance.memory_bytes, allowance.cpu_s, allowance.wall_s, len(request))
    with suppress(BrokenPipeError):  # the child is gone already: how it ended is still to be read
        near.sendall(head)
        near.sendall(request)
    kind, number = ANSWER.unpack(receive(near, ANSWER.size))
    if kind == DIED:
        raise JobDied(number)
    return receive(near, number)
