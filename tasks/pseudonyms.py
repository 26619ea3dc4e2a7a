"""Salted marks: how the ledger recognises a person whose name it must not keep."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading

from redis import Redis

from tasks.ledger.records import text


class Pseudonyms:
    """Makes the mark of a person; the salt lies in the ledger and is read once per process."""

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._key = f"{namespace}:salt"
        self._lock = threading.Lock()
        self._salt: bytes | None = None

    def of(self, platform: str, person: str) -> str:
        """Return the mark of a person: 32 hex digits, without the salt not to be traced back."""
        words = f"{platform}:{person}".encode()
        return hmac.new(self._read_salt(), words, hashlib.sha256).hexdigest()[:32]

    def _read_salt(self) -> bytes:
        with self._lock:
            if self._salt is None:
                # Only where it must: a server whose memory is full takes no SET.
                if not self._redis.exists(self._key):
                    self._redis.set(self._key, secrets.token_hex(32), nx=True)
                self._salt = text(self._redis.get(self._key) or b"").encode()
            return self._salt
