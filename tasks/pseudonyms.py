"""Pseudonyms: keyed hashes by which the ledger recognises a person whose id it must not store.

The ids of a platform can be enumerated, so that the key must not be stored with the pseudonyms: it is a
setting, or a file in the data folder that only its user can read. The ledger stores a hash of the key, with
which each machine checks that it has the same key.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from pathlib import Path

from redis import Redis

from pipeline.errors import UserFacingError
from tasks.private_files import read_secret_file
from tasks.settings import Settings

FILE = "pseudonym.key"
"""Name of the key's file in the data folder."""


class KeyMismatch(UserFacingError):
    """The pseudonym key of this machine is missing or differs from the ledger's."""


class Pseudonyms:
    """Makes pseudonyms. Safe to share between threads; the key is read once per process."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._name = f"{settings.namespace}:pseudonym_key_hash"
        self._secret = settings.pseudonym_key
        self._file = settings.data_dir / FILE
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def of(self, platform: str, person: str) -> str:
        """Return the pseudonym of a person: 32 hex digits. Raises `KeyMismatch`, `OSError`."""
        name = f"{platform}:{person}".encode()
        return hmac.new(self._read_key(), name, hashlib.sha256).hexdigest()[:32]

    def check(self) -> None:
        """Make sure that this machine has the ledger's key. Raises `KeyMismatch`, `OSError`."""
        self._read_key()

    def _read_key(self) -> bytes:
        with self._lock:
            if self._key is None:
                self._key = self._checked(self._configured() or self._from_file())
            return self._key

    def _configured(self) -> bytes | None:
        return self._secret.get_secret_value().encode() if self._secret else None

    def _from_file(self) -> bytes:
        if not self._file.exists():
            if self._redis.exists(self._name):
                raise KeyMismatch(
                    f"{self._file} is missing: without it this machine does not recognise the people "
                    "who are banned or opted out. Copy the file from a machine that runs the bot, or "
                    "set SUISAI_PSEUDONYM_KEY to its content on all machines."
                )
            _create(self._file, secrets.token_hex(32))
        return read_secret_file(self._file).encode()

    def _checked(self, key: bytes) -> bytes:
        own = hashlib.sha256(b"suisai pseudonyms " + key).hexdigest()[:32]
        # A server whose memory is full refuses SET, but workers must be able to start.
        if not self._redis.exists(self._name):
            self._redis.set(self._name, own, nx=True)
        if str(self._redis.get(self._name)) != own:
            raise KeyMismatch(
                "The pseudonym key of this machine differs from the ledger's, so that it would not recognise "
                f"the people who are banned or opted out. Give all machines the same {FILE} in their data "
                "folder, or the same SUISAI_PSEUDONYM_KEY."
            )
        return key


def _create(path: Path, content: str) -> None:
    """Write a file that only its user can read; if another process created it meanwhile, keep that one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)
    except FileExistsError:
        pass
    finally:
        part.unlink()
