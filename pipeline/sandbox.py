"""Runs untrusted work in child processes with limits, from any thread."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from pipeline.errors import UserFacingError
from pipeline.fork_server import ENDED, LENGTH, LIMITS

GRACE_S = 5.0
"""How much longer than its job's wall time the fork server itself is waited for."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """What one job may use."""

    memory_bytes: int
    """On top of what the nursery itself has mapped."""
    cpu_s: float
    wall_s: float
    answer_bytes: int
    """Of the longest answer that is read."""


class JobDied(Exception):
    """The child was ended by a signal (0: it ended itself) before it answered."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number

    @property
    def cpu_exceeded(self) -> bool:
        """Whether the job used up its processor time: it is the job that is too much."""
        return self.signal_number in (signal.SIGPROF, signal.SIGXCPU)

    @property
    def wall_clock_exceeded(self) -> bool:
        """Whether the clock ended it, with processor time left: the machine gave it too little."""
        return self.signal_number == signal.SIGALRM


class InvalidAnswer(Exception):
    """The child's answer is none that the job can give: something else than the job wrote it."""


class SandboxUnusable(UserFacingError):
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

    def run(self, request: bytes, allowance: ResourceLimits) -> bytearray:
        """Return what the job makes of a request.

        Raises `JobDied`, `InvalidAnswer` for one that is too long, and `SandboxUnusable`.
        """
        for _ in range(2):
            with self._call(allowance) as call:
                control = self._hand_over(call, allowance)
                try:
                    answer = call.converse(request)
                except TimeoutError:
                    self._discard(control)
                    raise SandboxUnusable(
                        "The process that opens photos does not answer; is this machine overloaded?"
                    ) from None
            if answer is not None:
                return answer
            # The fork server ended (somebody killed it): a new one gets the job.
            self._discard(control)
        raise SandboxUnusable(
            "The process that opens photos ends before it answers; its own error is above."
        )

    def close(self) -> None:
        """End the nursery, if this process started one, after the jobs that it has."""
        self._discard(self._control, GRACE_S)

    def _call(self, allowance: ResourceLimits) -> _Call:
        try:
            return _Call(allowance)
        except OSError as error:
            raise _no_process(error) from error

    def _hand_over(self, call: _Call, allowance: ResourceLimits) -> socket.socket:
        limits = LIMITS.pack(allowance.memory_bytes, allowance.cpu_s, allowance.wall_s)
        try:
            with self._lock:
                control = self._control
                if control is None or self._owner != os.getpid():
                    control = self._control = self._start()
                with suppress(BrokenPipeError):  # a dead fork server shows itself by silence, too
                    socket.send_fds(control, [limits], [far.fileno() for far in call.far_ends])
        except OSError as error:
            raise _no_process(error) from error
        for far in call.far_ends:
            far.close()
        return control

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._nursery = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.fork_server", self._job],
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
                if nursery.poll() is None:
                    os.killpg(nursery.pid, signal.SIGKILL)  # its children, too
                nursery.wait()


def _no_process(error: Exception) -> SandboxUnusable:
    return SandboxUnusable(f"No process can be started to open photos: {error}")


class _Call:
    """One conversation with a child: a socket to it, and one on which the fork server tells its end."""

    def __init__(self, allowance: ResourceLimits) -> None:
        with ExitStack() as opened:
            self._child, childs = map(opened.enter_context, socket.socketpair())
            self._status, servers = map(opened.enter_context, socket.socketpair())
            self._close = opened.pop_all().close
        self.far_ends = (childs, servers)
        self._longest = allowance.answer_bytes
        self._until = time.monotonic() + allowance.wall_s + GRACE_S

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def converse(self, request: bytes) -> bytearray | None:
        """Return the answer to a request, or None where the fork server ended."""
        # A child may be gone already: how it ended is still to be read.
        with suppress(ConnectionError):
            self._child.settimeout(self._left_s())
            self._child.sendall(LENGTH.pack(len(request)))
            self._child.sendall(request)
        head = self._receive(self._child, LENGTH.size)
        if head is not None:
            (length,) = LENGTH.unpack(head)
            if length > self._longest:
                raise InvalidAnswer(f"{length} bytes, at most {self._longest}")
            answer = self._receive(self._child, length)
            if answer is not None:
                return answer
        ended = self._receive(self._status, ENDED.size)
        if ended is not None:
            raise JobDied(*ENDED.unpack(ended))
        return None

    def _receive(self, connection: socket.socket, length: int) -> bytearray | None:
        """Return exactly `length` bytes, or None where the other end closes before."""
        received = bytearray(length)
        view = memoryview(received)
        while view:
            connection.settimeout(self._left_s())
            try:
                count = connection.recv_into(view)
            except ConnectionError:
                return None
            if count == 0:
                return None
            view = view[count:]
        return received

    def _left_s(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def filters_system_calls() -> bool:
    """Try in a sandbox whether system calls are filtered on this machine, beside the resource limits.

    Raises `SandboxUnusable` where no sandbox can be had at all.
    """
    sandbox = Sandbox("pipeline.seccomp:try_a_signal")
    try:
        answer = sandbox.run(
            b"", ResourceLimits(100_000_000, cpu_s=5.0, wall_s=30.0, answer_bytes=16)
        )
    except (JobDied, InvalidAnswer) as error:
        raise _no_process(error) from error
    finally:
        sandbox.close()
    return answer == b"refused"
