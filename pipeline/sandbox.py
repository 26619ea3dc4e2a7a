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
"""How long the fork server's answer is awaited after the wall time of the job."""


@dataclass(frozen=True, slots=True)
class ResourceLimits:
    """The resources that one job may use."""

    memory_bytes: int
    """Address space beyond what the fork server itself has mapped."""
    cpu_s: float
    wall_s: float
    answer_bytes: int
    """Maximum length of the answer."""


class JobDied(Exception):
    """The child ended before it answered: by a signal, or by itself (0)."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(f"signal {signal_number}")
        self.signal_number = signal_number

    @property
    def cpu_exceeded(self) -> bool:
        """Whether the job used up its CPU time, so that the job is too expensive."""
        return self.signal_number in (signal.SIGPROF, signal.SIGXCPU)

    @property
    def wall_clock_exceeded(self) -> bool:
        """Whether the job exceeded its wall time before its CPU time: the machine is overloaded."""
        return self.signal_number == signal.SIGALRM


class InvalidAnswer(Exception):
    """The answer is not one that the job can give: code that took over the child may have written it."""


class SandboxUnusable(UserFacingError):
    """This machine cannot run a child process now. The job is not the cause."""


class Sandbox:
    """Runs jobs of one kind, each in a child of a fork server, which is started at the first job.

    `job` names a function from a bytearray to bytes as `module:function`.
    """

    def __init__(self, job: str) -> None:
        self._job = job
        self._lock = threading.Lock()
        self._fork_server: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0

    def run(self, request: bytes, limits: ResourceLimits) -> bytearray:
        """Run the job on a request and return its answer.

        Raises `JobDied`, `InvalidAnswer` if the answer is too long, and `SandboxUnusable`.
        """
        for _ in range(2):
            with self._call(limits) as call:
                control = self._send_to_fork_server(call, limits)
                try:
                    answer = call.converse(request)
                except TimeoutError:
                    self._discard(control)
                    raise SandboxUnusable(
                        "The process that opens photos does not answer; is this machine overloaded?"
                    ) from None
            if answer is not None:
                return answer
            # The fork server was killed: start a new one and repeat the job.
            self._discard(control)
        raise SandboxUnusable(
            "The process that opens photos ends before it answers; its own error is above."
        )

    def close(self) -> None:
        """Stop the fork server, if this process started one, after its current jobs."""
        self._discard(self._control, GRACE_S)

    def _call(self, limits: ResourceLimits) -> _Call:
        try:
            return _Call(limits)
        except OSError as error:
            raise _no_process(error) from error

    def _send_to_fork_server(self, call: _Call, limits: ResourceLimits) -> socket.socket:
        packed = LIMITS.pack(limits.memory_bytes, limits.cpu_s, limits.wall_s)
        try:
            with self._lock:
                control = self._control
                if control is None or self._owner != os.getpid():
                    control = self._control = self._start()
                with suppress(BrokenPipeError):  # `converse` detects a dead fork server
                    socket.send_fds(
                        control, [packed], [remote.fileno() for remote in call.remote_ends]
                    )
        except OSError as error:
            raise _no_process(error) from error
        for remote in call.remote_ends:
            remote.close()
        return control

    def _start(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        with theirs:
            self._fork_server = subprocess.Popen(
                [sys.executable, "-P", "-m", "pipeline.fork_server", self._job],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                env={
                    "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path),
                    # Each malloc arena reserves 64 MB of the limited address space.
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
            fork_server, self._fork_server, self._control = self._fork_server, None, None
            control.close()
            if fork_server and self._owner == os.getpid():
                with suppress(subprocess.TimeoutExpired):
                    fork_server.wait(grace_s)
                if fork_server.poll() is None:
                    os.killpg(fork_server.pid, signal.SIGKILL)  # its children, too
                fork_server.wait()


def _no_process(error: Exception) -> SandboxUnusable:
    return SandboxUnusable(f"No process can be started to open photos: {error}")


class _Call:
    """One job's sockets: one to the child, one on which the fork server reports how the child ended."""

    def __init__(self, limits: ResourceLimits) -> None:
        with ExitStack() as opened:
            self._child, childs = map(opened.enter_context, socket.socketpair())
            self._status, servers = map(opened.enter_context, socket.socketpair())
            self._close = opened.pop_all().close
        self.remote_ends = (childs, servers)
        self._answer_max = limits.answer_bytes
        self._deadline = time.monotonic() + limits.wall_s + GRACE_S

    def __enter__(self) -> _Call:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def converse(self, request: bytes) -> bytearray | None:
        """Return the answer to a request, or None if the fork server ended."""
        # If the child has ended already, its end is read from the status socket below.
        with suppress(ConnectionError):
            self._child.settimeout(self._remaining_s())
            self._child.sendall(LENGTH.pack(len(request)))
            self._child.sendall(request)
        head = self._receive(self._child, LENGTH.size)
        if head is not None:
            (length,) = LENGTH.unpack(head)
            if length > self._answer_max:
                raise InvalidAnswer(f"{length} bytes, at most {self._answer_max}")
            answer = self._receive(self._child, length)
            if answer is not None:
                return answer
        ended = self._receive(self._status, ENDED.size)
        if ended is not None:
            raise JobDied(*ENDED.unpack(ended))
        return None

    def _receive(self, connection: socket.socket, length: int) -> bytearray | None:
        """Return exactly `length` bytes, or None if the other end closes before."""
        received = bytearray(length)
        view = memoryview(received)
        while view:
            connection.settimeout(self._remaining_s())
            try:
                count = connection.recv_into(view)
            except ConnectionError:
                return None
            if count == 0:
                return None
            view = view[count:]
        return received

    def _remaining_s(self) -> float:
        remaining = self._deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        return remaining


def filters_system_calls() -> bool:
    """Test in a sandbox whether system calls are filtered on this machine, besides the resource limits.

    Raises `SandboxUnusable` if no sandbox can be started.
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
