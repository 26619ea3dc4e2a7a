"""A process of its own that forks one child for each job, so that a job can die without harm.

Forking a worker that has threads is unsafe, and would hand its secrets to the child. The nursery is
a fresh program with one thread, no secrets in its memory or environment, and its imports done:
its forks are cheap and clean. It lives as long as somebody holds the other end of its stdin.

Protocol: each message on stdin (a Unix socket) is one byte with one socket attached. On that socket
the child reads `REQUEST` and the payload, and answers with `ANSWER` and the result; when the child
dies instead, the nursery answers with `ANSWER`, kind `DIED` and the signal that ended it.
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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

REQUEST = struct.Struct("!QddQ")
"""Memory in bytes, CPU seconds, wall seconds, length of the payload."""
ANSWER = struct.Struct("!cQ")
"""Kind, and the length of the result (`DONE`) or the signal that ended the child (`DIED`)."""
DONE, DIED = b"+", b"-"
Job: TypeAlias = Callable[[bytearray], bytes]


class Nursery:
    """Accepts jobs, forks children for them, and tells how those ended that did not answer."""

    def __init__(self, control: socket.socket, job: Job) -> None:
        self._control = control
        self._job = job
        self._running: dict[int, socket.socket] = {}
        self._silence = os.open(os.devnull, os.O_RDWR)

    def serve(self) -> None:
        """Work until the other end of the control socket is closed and the last child has ended."""
        woken, wake = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if woken in ready:
                    woken.recv(4096)
                    self._reap()
                if self._control in ready and not self._accept():
                    break
        for pid in self._running:
            os.waitpid(pid, 0)

    def _accept(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self._control, 1, 1)
        if not message:
            return False
        connection = socket.socket(fileno=fds[0])
        pid = os.fork()
        if pid == 0:
            self._live(connection)
        self._running[pid] = connection
        return True

    def _reap(self) -> None:
        while self._running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            with self._running.pop(pid) as connection, suppress(OSError):
                if status != 0:
                    died = ANSWER.pack(DIED, os.WTERMSIG(status))
                    connection.send(died, socket.MSG_DONTWAIT)

    def _live(self, connection: socket.socket) -> None:
        """Be the child: do the one job and end, whatever happens."""
        code = 1
        with suppress(BaseException):
            self._let_go()
            memory, cpu_s, wall_s, length = REQUEST.unpack(receive(connection, REQUEST.size))
            request = receive(connection, length)
            confine(memory, cpu_s, wall_s)
            result = self._job(request)
            connection.sendall(ANSWER.pack(DONE, len(result)))
            connection.sendall(result)
            code = 0
        os._exit(code)

    def _let_go(self) -> None:
        # What a decoder prints is noise; and other children's sockets are none of its business.
        signal.set_wakeup_fd(-1)
        for fd in (0, 1, 2):
            os.dup2(self._silence, fd)
        for other in self._running.values():
            other.close()


def confine(memory_bytes: int, cpu_s: float, wall_s: float) -> None:
    """Limit what this process may still use: no files, no core dump, so much more memory and time."""
    memory_bytes += _address_space_bytes()
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    limits = {
        resource.RLIMIT_AS: memory_bytes,
        resource.RLIMIT_CPU: math.ceil(cpu_s) + 1,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 0,
    }
    for what, limit in limits.items():
        resource.setrlimit(what, (limit, limit))


def _address_space_bytes() -> int:
    # Most of it is mapped and never touched; how much differs from machine to machine.
    pages = int(Path("/proc/self/statm").read_bytes().split()[0])
    return pages * resource.getpagesize()


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
        Nursery(control, job).serve()


if __name__ == "__main__":
    main()
