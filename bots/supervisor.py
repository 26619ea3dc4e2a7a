"""Starts the processes of one machine, restarts those that end, and stops them all.

Also ends a process when its parent dies, and prevents two `suisai up` on one data folder.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from pipeline.errors import UserFacingError
from tasks.private_files import FolderNotPrivate, own_folder, private_folder, private_opener
from tasks.services import embedded_valkey
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey, ValkeyUnusable


def exit_with_parent(descriptor: int) -> None:
    """Send this process SIGTERM as soon as the other end of this pipe is closed."""

    def wait() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


_COMMAND_PATIENCE_S = 8.0
"""How long a single command waits for the embedded server to start."""


class FolderTaken(UserFacingError):
    """Another `suisai up` uses this data folder."""


@contextmanager
def valkey_for_command(settings: Settings) -> Iterator[bool]:
    """Start the embedded Valkey for one command if it does not run; yield whether it was started.

    It is stopped after the command, unless `suisai up` or another command uses it by then. Does nothing
    if the operator runs a server. Raises `ValkeyUnusable`, `FolderNotPrivate`, `OSError`.
    """
    valkey, folder = embedded_valkey(settings), settings.data_dir
    if settings.redis_url is not None:
        yield False
        return
    if folder.exists() and folder.stat().st_uid != os.geteuid():
        # New files would belong to this user, and the bot's user could not open them.
        raise FolderNotPrivate(
            f"{folder} belongs to another user of this machine. Run the command as that user."
        )
    own_folder(folder)
    with open(folder / "commands.lock", "a", opener=private_opener) as users:
        fcntl.flock(users, fcntl.LOCK_SH)
        started = not valkey.is_alive()
        valkey.ensure(_COMMAND_PATIENCE_S)
        try:
            yield started
        finally:
            if started:
                with suppress(BlockingIOError, FolderTaken), lock_data_dir(folder):
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    valkey.stop()


@contextmanager
def lock_data_dir(folder: Path) -> Iterator[None]:
    """Lock a data folder for this process. Raises `FolderTaken`, `OSError`."""
    private_folder(folder)
    with open(folder / "up.lock", "a+", opener=private_opener) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise FolderTaken(
                f"Suisai already runs on {folder} (process {lock.read().strip() or 'unknown'}). "
                "End that one first, or set SUISAI_DATA_DIR to another folder."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


_log = structlog.get_logger()

GRACE_S = 30.0
"""How long a process may take to finish or release its jobs before it is killed."""

_SHORTEST_PAUSE_S = 0.5

_LONGEST_PAUSE_S = 30.0

_HEALTHY_S = 20.0
"""A process that ran this long is restarted after the shortest pause."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep running: `suisai` with these arguments."""

    name: str
    arguments: tuple[str, ...]


@dataclass
class Supervisor:
    """Runs programs until it is stopped; restarts a program that ends, after growing pauses.

    The programs hold the read end of a pipe and this process holds the write end, so that they end
    even when this process is killed.
    """

    programs: Sequence[Program]
    valkey: EmbeddedValkey | None
    environment: dict[str, str]
    log_folder: Path | None = None
    """Folder with one log file per program; None: they log to standard error."""
    stopping: threading.Event = field(default_factory=threading.Event)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        """Start everything and return at once. Raises `ValkeyUnusable`."""
        if self.valkey is not None:
            self.valkey.ensure()
            self._spawn(self._keep_valkey, self.valkey)
        self._read_end, self._write_end = os.pipe()
        os.set_inheritable(self._read_end, True)
        for program in self.programs:
            self._spawn(self._keep, program)

    def stop(self) -> None:
        """Stop every program by SIGTERM, then by SIGKILL; stop the embedded Valkey last."""
        self.stopping.set()
        for process in list(self._running.values()):
            with suppress(ProcessLookupError):
                process.terminate()
        deadline = time.monotonic() + GRACE_S
        for thread in self._threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        for name, process in list(self._running.items()):
            if process.poll() is None:
                _log.warning("program_killed", program=name, action="wait for its leases to expire")
                process.kill()
                process.wait()
        os.close(self._write_end)
        os.close(self._read_end)
        if self.valkey is not None:
            self.valkey.stop()

    def pid(self, name: str) -> int | None:
        """Return the process id of a program, None while it is not running."""
        process = self._running.get(name)
        return process.pid if process is not None and process.poll() is None else None

    def _spawn(self, target: Callable[..., None], *args: Program | EmbeddedValkey) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _keep(self, program: Program) -> None:
        pause_s = _SHORTEST_PAUSE_S
        while not self.stopping.is_set():
            began = time.monotonic()
            process = self._launch(program)
            self._running[program.name] = process
            if self.stopping.is_set():
                process.terminate()
            code = process.wait()
            if self.stopping.is_set():
                return
            lived_s = time.monotonic() - began
            pause_s = (
                _SHORTEST_PAUSE_S if lived_s > _HEALTHY_S else min(pause_s * 2, _LONGEST_PAUSE_S)
            )
            _log.warning(
                "program_died",
                action="restart",
                program=program.name,
                exit=_exit_words(code),
                after_s=round(lived_s, 1),
                pause_s=pause_s,
            )
            self.stopping.wait(pause_s)

    def _launch(self, program: Program) -> subprocess.Popen[bytes]:
        # -P: a file of the current folder must not shadow a module of the bot or of a library.
        command = [sys.executable, "-P", "-m", "bots", "--lifeline", str(self._read_end)]
        log = None
        if self.log_folder is not None:
            path = private_folder(self.log_folder) / f"{program.name}.log"
            log = open(path, "ab", opener=private_opener)  # noqa: SIM115 - closed below
        try:
            return subprocess.Popen(
                [*command, *program.arguments],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[self._read_end],
                # Ctrl-C signals only the supervisor, which then ends the others in order.
                start_new_session=True,
            )
        finally:
            if log is not None:
                log.close()

    def _keep_valkey(self, valkey: EmbeddedValkey) -> None:
        while not self.stopping.wait(0.5):
            if valkey.is_alive():
                continue
            if self.stopping.is_set():
                return
            _log.warning("valkey_died", action="restart")
            try:
                valkey.ensure()
            except ValkeyUnusable as error:
                _log.error("valkey_not_started", error=str(error), action="retry")


def _exit_words(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else str(code)
