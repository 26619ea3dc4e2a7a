"""Starts `python -m MODULE ...` by forking a process that has imported the bot's modules already.

The processes are real: each has its own session, environment and process id, and can be ended by any
signal. Only the second or two that each would spend on imports is spent once. A test of how a process
starts (what it imports, and from where) starts it with `subprocess` instead.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from ctypes import CDLL
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

ROOT = Path(__file__).parents[1]
MODULES = (
    "bots.cli",
    "bots.telegram.listener.main",
    "bots.telegram.platform",
    "bots.web.serve",
    "bots.x.listener.poller",
    "bots.x.platform",
    "pipeline.engines.painter",
    "pipeline.opennsfw",
    "tasks.worker.main",
)
"""Modules that every process of the bot imports."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class _Order:
    """What a fork is to become."""

    words: list[str]
    """A module and its arguments."""
    environment: dict[str, str]
    folder: str


class ForkedProcess:
    """A process that was started here; the part of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, arguments: Sequence[str], end: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._arguments = list(arguments)
        self._end = end

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code as soon as there is one. Raises `subprocess.TimeoutExpired`."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self._arguments, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens once the process has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the process to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            self._end.settimeout(timeout)
            try:
                said = self._end.recv(32)
            except (BlockingIOError, TimeoutError):
                return None
            self._end.close()
            # No data: the server has died, and with it the processes that it had started.
            self.returncode = int(said) if said else -signal.SIGKILL
        return self.returncode


def start(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    output: IO[bytes],
    error: IO[bytes] | None = None,
    stdin: IO[bytes] | None = None,
    folder: Path = ROOT,
) -> ForkedProcess:
    """Start `python -m MODULE ARGUMENTS` in a session of its own."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(_server())
    order = _Order([module, *arguments], dict(environment), str(folder))
    with Path(os.devnull).open("rb") as nothing:
        files = [each.fileno() for each in (stdin or nothing, output, error or output)]
        socket.send_fds(connection, [json.dumps(asdict(order)).encode() + b"\n"], files)
        pid = int(connection.makefile("rb", buffering=0).readline())
    return ForkedProcess(pid, order.words, connection)


def run(
    module: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: Path = ROOT,
    typed: str = "",
    timeout: float = 90.0,
) -> subprocess.CompletedProcess[str]:
    """Run `python -m MODULE ARGUMENTS` to its end. Raises `subprocess.TimeoutExpired`."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with tempfile.TemporaryFile() as keys:
            keys.write(typed.encode())
            keys.seek(0)
            process = start(
                module, arguments, environment, output=out, error=err, stdin=keys, folder=folder
            )
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess([module, *arguments], code, *texts)


@cache
def _server() -> str:
    folder = tempfile.mkdtemp(prefix="preloaded-")
    address = f"{folder}/socket"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)
        # It ends when its input is closed, which happens when this process ends in any way.
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.preloaded", str(listener.fileno())],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
        )

    def end() -> None:
        assert server.stdin is not None
        server.stdin.close()
        server.wait(timeout=20)
        Path(address).unlink(missing_ok=True)
        Path(folder).rmdir()

    atexit.register(end)
    return address


def _serve(listener: socket.socket) -> list[str]:
    """Fork for each connection until the input ends; in a fork, return what it runs."""
    waiting: dict[int, socket.socket] = {}
    woken, waker = socket.socketpair()
    for each in (woken, waker):
        each.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker.fileno())
    selector = selectors.DefaultSelector()
    for file in (listener, woken, sys.stdin):
        selector.register(file, selectors.EVENT_READ)
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        if sys.stdin in ready:
            os._exit(0)
        if woken in ready:
            woken.recv(4096)
            _report_ends(waiting)
        if listener in ready:
            connection, _ = listener.accept()
            order, files = _received(connection)
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                selector.close()
                for each in (listener, woken, waker, connection, *waiting.values()):
                    each.close()
                return _become(order, files)
            for descriptor in files:
                os.close(descriptor)
            waiting[pid] = connection
            connection.sendall(f"{pid}\n".encode())


def _received(connection: socket.socket) -> tuple[_Order, list[int]]:
    text, files, _, _ = socket.recv_fds(connection, 1 << 20, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(1 << 20)
    return _Order(**json.loads(text)), files


def _report_ends(waiting: dict[int, socket.socket]) -> None:
    for pid in list(waiting):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            # The test that started it may have ended.
            with waiting.pop(pid) as connection, suppress(OSError):
                connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())


def _become(order: _Order, files: list[int]) -> list[str]:
    os.setsid()
    CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for number, descriptor in enumerate(files):
        os.dup2(descriptor, number)
    for descriptor in files:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order.environment)
    os.chdir(order.folder)
    # Where Python itself puts them: after the folder of the program.
    sys.path[1:1] = [each for each in os.environ.get("PYTHONPATH", "").split(os.pathsep) if each]
    importlib.invalidate_caches()
    time.tzset()
    random.seed()
    return order.words


def main() -> NoReturn:
    """Import the modules, then serve; a fork runs its module to the end here."""
    for name in MODULES:
        importlib.import_module(name)
    # Frozen objects are not touched by the garbage collector, so that forks share their memory.
    gc.collect()
    gc.freeze()
    module, *arguments = _serve(socket.socket(fileno=int(sys.argv[1])))
    sys.argv = [module, *arguments]
    sys.orig_argv = [sys.executable, "-m", module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
