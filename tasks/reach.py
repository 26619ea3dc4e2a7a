"""Checks with a plain socket whether the ledger's server is reachable, before redis-py is imported."""

from __future__ import annotations

import hashlib
import os
import queue
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pipeline.errors import UserFacingError

if TYPE_CHECKING:
    from tasks.settings import Settings

_PATIENCE_S = 1.0
"""Maximum time for a connection, including the DNS query."""

_SOCKET_PATH_MAX = 100
"""Safe maximum: the limit for the path of a Unix socket is 104 to 108 bytes, depending on the system."""


class RedisUnavailable(UserFacingError):
    """The Redis/Valkey server does not answer; the message says what to do."""


def embedded_folder(settings: Settings) -> Path:
    """Return the folder of the embedded server's files."""
    return settings.data_dir / "valkey"


def embedded_socket(folder: Path) -> Path:
    """Return the path of the Unix socket on which the embedded server of a folder listens."""
    path = folder / "valkey.sock"
    if len(str(path)) <= _SOCKET_PATH_MAX:
        return path
    name = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return Path("/tmp") / f"suisai-{os.geteuid()}" / f"{name}.sock"  # noqa: S108 - a folder of our own


def check_reach(settings: Settings) -> None:
    """Raise `RedisUnavailable` unless a server accepts connections. Does not check the login."""
    if settings.redis_url is None:
        trouble = _trouble(str(embedded_socket(embedded_folder(settings))))
    else:
        parts = urlsplit(settings.redis_url.get_secret_value())
        if parts.scheme == "unix":
            trouble = _trouble(unquote(parts.path))
        else:
            trouble = _trouble((parts.hostname or "localhost", parts.port or 6379))
    if trouble:
        raise unreachable(settings, trouble)


def unreachable(settings: Settings, trouble: str) -> RedisUnavailable:
    """Return the error for a server that does not answer; its message says what to do."""
    if settings.redis_url is not None:
        return RedisUnavailable(
            f"The ledger's Valkey does not answer ({trouble}). "
            "Is the server at SUISAI_REDIS_URL up, and are user and password (SUISAI_REDIS_PASSWORD) right?"
        )
    return RedisUnavailable(
        f"Suisai does not run: no ledger answers in {settings.data_dir}. Start everything with "
        "`suisai up`; if it runs elsewhere, set SUISAI_DATA_DIR or SUISAI_REDIS_URL as there."
    )


def _trouble(address: str | tuple[str, int]) -> str:
    """Return why no server accepts a connection; empty if one does."""
    found: queue.SimpleQueue[str] = queue.SimpleQueue()

    def connect() -> None:
        try:
            if isinstance(address, str):
                with socket.socket(socket.AF_UNIX) as client:
                    client.settimeout(_PATIENCE_S)
                    client.connect(address)
            else:
                socket.create_connection(address, _PATIENCE_S).close()
        except (OSError, ValueError, UnicodeError) as error:
            found.put(getattr(error, "strerror", None) or str(error) or type(error).__name__)
        else:
            found.put("")

    # In a thread, because DNS queries have no timeout.
    threading.Thread(target=connect, daemon=True).start()
    try:
        return found.get(timeout=_PATIENCE_S + 0.2)
    except queue.Empty:
        return "no answer"
