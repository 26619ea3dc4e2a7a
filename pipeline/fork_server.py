"""A process of its own that forks one child for each job, so that a job can die without harm.

Forking a worker that has threads is unsafe, and would hand its secrets to the child. The fork server
is a fresh program with one thread, no secrets in its memory or environment, and its imports done:
its forks are cheap and clean. It lives as long as somebody holds the other end of its stdin.

Protocol: each message on stdin (a Unix socket) is `LIMITS` with two sockets attached. The child reads
`LENGTH` and the request from the first one and writes `LENGTH` and the answer to it; nobody else
writes there. On the second one, which the child does not hold, the fork server tells with `ENDED` by
which signal the child ended.
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
"""The signal that ended a child; SIGALRM where its wall time was over, 0 where it exited."""

CONNECTION_FD = 3
"""The only descriptor of a child, beside those of /dev/null."""

Job: TypeAlias = Callable[[bytearray], bytes]

_SPARE_THREADS = 256
"""Threads that may start on the machine between the count and the limit that is made of it."""


@dataclass(slots=True)
class _Child:
    status: socket.socket
    ends_at: float
    over_time: bool = False


class ForkServer:
    """Accepts jobs, forks children for them, ends those that take too long, tells how they ended."""

    def __init__(self, control: socket.socket, job: Job) -> None:
        self._control = control
        self._job = job
        self._running: dict[int, _Child] = {}
        self._silence = os.open(os.devnull, os.O_RDWR)

    def serve(self) -> None:
        """Work until the other end of the control socket is closed and the last child has ended."""
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
                ready = [key.fileobj for key, _ in selector.select(self._next_end_s())]
                self._end_late_children()
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
        ends_at = time.monotonic() + wall_s
        with connection:
            pid = os.fork()
            if pid == 0:
                self._live(connection, memory_bytes, cpu_s)
        self._running[pid] = _Child(status, ends_at)
        return True

    def _next_end_s(self) -> float | None:
        # A child that is killed already is waited for without a clock.
        ends = [child.ends_at for child in self._running.values() if not child.over_time]
        return max(0.0, min(ends) - time.monotonic()) if ends else None

    def _end_late_children(self) -> None:
        # The child's own limits can be too generous, or be lifted by what took it over; this one not.
        now = time.monotonic()
        for pid, child in self._running.items():
            if now >= child.ends_at and not child.over_time:
                child.over_time = True
                os.kill(pid, signal.SIGKILL)

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            child = self._running.pop(pid)
            number = signal.SIGALRM if child.over_time else os.WTERMSIG(status)
            with child.status, suppress(OSError):
                child.status.send(ENDED.pack(number), socket.MSG_DONTWAIT)

    def _live(self, connection: socket.socket, memory_bytes: int, cpu_s: float) -> None:
        """Be the child: do the one job and end, whatever happens."""
        code = 1
        with suppress(BaseException):
            die_with_parent(signal.SIGKILL)
            self._keep_only(connection.detach())
            only = socket.socket(fileno=CONNECTION_FD)
            (length,) = LENGTH.unpack(receive(only, LENGTH.size))
            request = receive(only, length)
            confine(memory_bytes, cpu_s)
            result = self._job(request)
            _write(LENGTH.pack(len(result)))
            _write(result)
            code = 0
        os._exit(code)

    def _keep_only(self, connection_fd: int) -> None:
        # What a decoder prints is noise. All else that the fork server holds, the control socket and
        # the sockets of other children above all, is none of the child's business.
        signal.set_wakeup_fd(-1)
        for fd in (0, 1, 2):
            os.dup2(self._silence, fd)
        os.dup2(connection_fd, CONNECTION_FD)
        os.closerange(CONNECTION_FD + 1, os.sysconf("SC_OPEN_MAX"))


def confine(memory_bytes: int, cpu_s: float) -> bool:
    """Limit what this process may still do: compute, with so much more memory and processor time.

    Returns whether its system calls are filtered. Where they are not (see `pipeline.seccomp`), the
    resource limits alone keep it from opening and writing files, and from starting processes unless
    it runs as root.
    """
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    limits = {
        resource.RLIMIT_CPU: math.ceil(cpu_s) + 1,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
    }
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = memory_bytes + _address_space_bytes()
        limits[resource.RLIMIT_NPROC] = _threads_of_the_machine() + _SPARE_THREADS
    limits[resource.RLIMIT_NOFILE] = 0
    for what, wanted in limits.items():
        _, hard = resource.getrlimit(what)
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(what, (limit, limit))
    return confine_to_computing()


def _address_space_bytes() -> int:
    # Most of it is mapped and never touched; how much differs from machine to machine.
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    return pages * resource.getpagesize()


def _threads_of_the_machine() -> int:
    # The limit counts the threads of all processes of a user. libde265 needs one of its own, so it
    # cannot be 0; all threads of the machine are an upper bound that costs one read.
    return int(Path("/proc/loadavg").read_bytes().split()[3].partition(b"/")[2])


def _write(data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(CONNECTION_FD, view) :]


def receive(connection: socket.socket, length: int) -> bytearray:
    """Return exactly `length` bytes from a socket. Raises `EOFError` when they do not come."""
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
