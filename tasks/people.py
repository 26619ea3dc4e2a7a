"""What the ledger knows of people: bans, tiers, strikes, and how to forget them."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from redis import Redis

from tasks.blobs import BlobStore
from tasks.records import text
from tasks.scripts import Scripts


def opt_out_mark(redis: Redis, namespace: str, platform: str, person: str) -> str:
    """Return the salted mark that stands for a person who asked to be left alone."""
    key = f"{namespace}:salt"
    salt = redis.get(key)
    if salt is None:
        redis.set(key, secrets.token_hex(32), nx=True)
        salt = redis.get(key)
    words = f"{platform}:{person}".encode()
    return hmac.new(text(salt or "").encode(), words, hashlib.sha256).hexdigest()


class People:
    """The operator's and the people's own wishes about who may ask and what is kept."""

    def __init__(self, redis: Redis, namespace: str, blobs: BlobStore) -> None:
        self._redis = redis
        self._ns = namespace
        self._blobs = blobs
        self._scripts = Scripts(redis, namespace)

    def ban(self, platform: str, person: str) -> None:
        """Refuse everything from this person from now on."""
        self._redis.sadd(f"{self._ns}:banned", f"{platform}:{person}")

    def unban(self, platform: str, person: str) -> None:
        """Let this person ask again."""
        self._redis.srem(f"{self._ns}:banned", f"{platform}:{person}")

    def set_tier(self, platform: str, person: str, tier: str | None) -> None:
        """Give a person the limits of a tier; `exempt` knows no limits but the queue's, None the usual."""
        if tier is None:
            self._redis.hdel(f"{self._ns}:tiers", f"{platform}:{person}")
        else:
            self._redis.hset(f"{self._ns}:tiers", f"{platform}:{person}", tier)

    def strike(self, platform: str, person: str, allowed: int = 3, pause_s: float = 86_400) -> int:
        """Count a photo refused for what it shows; the last allowed one pauses the person."""
        return int(self._scripts.run("strike", platform, person, allowed, int(pause_s * 1000)))

    def opted_out(self, platform: str, person: str) -> bool:
        """Tell whether this person asked that their photos are left alone."""
        mark = opt_out_mark(self._redis, self._ns, platform, person)
        return bool(self._redis.sismember(f"{self._ns}:optouts", mark))

    def opt_in(self, platform: str, person: str) -> None:
        """Take an opt-out back: the person asked for a painting again."""
        mark = opt_out_mark(self._redis, self._ns, platform, person)
        self._redis.srem(f"{self._ns}:optouts", mark)

    def forget(self, platform: str, person: str, opt_out: bool = False) -> int:
        """Delete a person's photos, pictures and records now; return how many files went.

        Open jobs are cancelled. With `opt_out` a salted mark stays, by which later asks and photos of
        this person are refused.
        """
        mark = opt_out_mark(self._redis, self._ns, platform, person) if opt_out else ""
        blobs = [text(key) for key in self._scripts.run("forget", platform, person, mark)]
        self._blobs.delete(blobs)
        return len(blobs)
