"""A separate process that forks one child per job, so that a crash of a job has no other effect.

Forking a worker that has threads is unsafe, and the child would have a copy of its secrets. The fork
server is a new program with one thread, without secrets in its memory or environment, and with all
imports done, so that forking it is fast and safe. It exits when the other end of its stdin is closed.

Protocol: each message on stdin (a Unix socket) is `LIMITS` with two sockets attached. On the first
socket the child reads `LENGTH` and the request and writes `LENGTH` and the answer; no other process
writes there. On the second one, which the child does not have, the fork server sends `ENDED`: the
signal that ended the child.
"""

from __future__ import annotations

import gc
import importlib
import math
import os
import resource
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pipeline.seccomp import confine_to_computing, die_with_parent

LIMITS = struct.Struct("!Qdd")
"""Memory in bytes, CPU seconds, wall seconds."""

LENGTH = struct.Struct("!Q")
"""Bytes that follow."""

ENDED = struct.Struct("!B")
"""The signal that ended a child; SIGALRM if it exceeded its wall time, 0 if it exited."""

CONNECTION_FD = 3
"""The only file descriptor of a child besides 0 to 2, which are /dev/null."""

Job: TypeAlias = Callable[[bytearray], bytes]

_SPARE_THREADS = 256
"""Margin of the thread limit, for threads that start on the machine after they were counted."""


@dataclass(slots=True)
class _Child:
    status: socket.socket
    deadline: float
    timed_out: bool = False


class ForkServer:
    """Forks a child for each job, kills children that exceed their wall time, and reports how they ended."""

    def __init__(self, control: socket.socket, job: Job) -> None:
        self._control = control
        self._job = job
        self._running: dict[int, _Child] = {}
        self._devnull = os.open(os.devnull, os.O_RDWR)

    def serve(self) -> None:
        """Serve until the other end of the control socket is closed and the last child has ended."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())
        accepting = True
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while accepting or self._running:
                ready = [key.fileobj for key, _ in selector.select(self._next_timeout_s())]
                self._kill_late_children()
                if woken in ready:
                    woken.recv(4096)
                    self._reap()
                if self._control in ready and not self._accept():
                    accepting = False
                    selector.unregister(self._control)

    def _accept(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, LIMITS.size, 2)
        if not message:
            return False
        memory_bytes, cpu_s, wall_s = LIMITS.unpack(message)
        connection, status = (socket.socket(fileno=fd) for fd in fds)
        deadline = time.monotonic() + wall_s
        with connection:
            pid = os.fork()
            if pid == 0:
                self._run_child(connection, memory_bytes, cpu_s)
        self._running[pid] = _Child(status, deadline)
        return True

    def _next_timeout_s(self) -> float | None:
        # Children that were killed already need no timeout.
        deadlines = [child.deadline for child in self._running.values() if not child.timed_out]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _kill_late_children(self) -> None:
        # Unlike the child's own limits, this one cannot be changed by code that runs in the child.
        now = time.monotonic()
        for pid, child in self._running.items():
            if now >= child.deadline and not child.timed_out:
                child.timed_out = True
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._running.pop(pid)
            number = signal.SIGALRM if child.timed_out else os.WTERMSIG(status)
            with child.status, suppress(OSError):
                child.status.send(ENDED.pack(number), socket.MSG_DONTWAIT)

    def _run_child(self, connection: socket.socket, memory_bytes: int, cpu_s: float) -> None:
        """Do one job in the child process and exit; never returns."""
        code = 1
        with suppress(BaseException):
            die_with_parent(signal.SIGKILL)
            self._close_inherited_fds(connection.detach())
            only = socket.socket(fileno=CONNECTION_FD)
            (length,) = LENGTH.unpack(receive(only, LENGTH.size))
            request = receive(only, length)
            confine(memory_bytes, cpu_s)
            result = self._job(request)
            _write(LENGTH.pack(len(result)))
            _write(result)
            code = 0
        os._exit(code)

    def _close_inherited_fds(self, connection_fd: int) -> None:
        # Discards what decoders print, and closes all that the fork server has open: the control
        # socket and the sockets of other children must not be accessible to the child.
        signal.set_wakeup_fd(-1)
        for fd in (0, 1, 2):
            os.dup2(self._devnull, fd)
        os.dup2(connection_fd, CONNECTION_FD)
        os.closerange(CONNECTION_FD + 1, os.sysconf("SC_OPEN_MAX"))


def confine(memory_bytes: int, cpu_s: float) -> bool:
    """Restrict this process to computing, within this much additional memory and CPU time.

    Returns whether its system calls are filtered. Without a filter (see `pipeline.seccomp`) only the
    resource limits prevent it from opening and writing files, and from starting processes unless it
    runs as root.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    limits = {
        resource.RLIMIT_CPU: math.ceil(cpu_s) + 1,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = memory_bytes + _address_space_bytes()
        limits[resource.RLIMIT_NPROC] = _machine_threads() + _SPARE_THREADS
    limits[resource.RLIMIT_NOFILE] = 0
    for what, wanted in limits.items():
        _, hard = resource.getrlimit(what)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (limit, limit))
    return confine_to_computing()


def _address_space_bytes() -> int:
    # Measured, because the mapped but unused part differs between machines.
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    return pages * resource.getpagesize()


def _machine_threads() -> int:
    # RLIMIT_NPROC counts all threads of a user. libde265 starts a thread, so that the limit cannot be
    # 0; the number of threads on the machine is an upper bound that takes one read.
    return int(Path("/proc/loadavg").read_bytes().split()[3].partition(b"/")[2])


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(CONNECTION_FD, view) :]


def receive(connection: socket.socket, length: int) -> bytearray:
    """Read exactly `length` bytes from a socket. Raises `EOFError` if it is closed before."""
    received = bytearray(length)
    view = memoryview(received)
    while view:
        count = connection.recv_into(view)
        if count == 0:
            raise EOFError
        view = view[count:]
    return received


def main() -> None:
    """Serve the job that the command line names as `module:function`."""
    module, _, name = sys.argv[1].partition(":")
    job: Job = getattr(importlib.import_module(module), name)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=os.dup(0)) as control:
        ForkServer(control, job).serve()


if __name__ == "__main__":
    main()
