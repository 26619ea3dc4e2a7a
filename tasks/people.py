"""What the ledger knows of people: bans, tiers, strikes, and how to forget them."""

from __future__ import annotations

from redis import Redis

from tasks.blobs import BlobStore
from tasks.marks import Marks
from tasks.records import text
from tasks.rubbish import Rubbish
from tasks.scripts import Scripts


class People:
    """The operator's and the people's own wishes about who may ask and what is kept."""

    def __init__(self, redis: Redis, namespace: str, blobs: BlobStore) -> None:
        self._redis = redis
        self._ns = namespace
        self._blobs = blobs
        self._scripts = Scripts(redis, namespace)
        self._marks = Marks(redis, namespace)

    def ban(self, platform: str, person: str) -> None:
        """Refuse everything from this person from now on."""
        self._redis.sadd(f"{self._ns}:banned", self._marks.of(platform, person))

    def unban(self, platform: str, person: str) -> None:
        """Let this person ask again."""
        self._redis.srem(f"{self._ns}:banned", self._marks.of(platform, person))

    def set_tier(self, platform: str, person: str, tier: str | None) -> None:
        """Give a person the limits of a tier; `exempt` knows no limits but the queue's, None the usual."""
        if tier is None:
            self._redis.hdel(f"{self._ns}:tiers", f"{platform}:{person}")
        else:
            self._redis.hset(f"{self._ns}:tiers", f"{platform}:{person}", tier)

    def strike(self, platform: str, person: str, allowed: int = 3, pause_s: float = 86_400) -> int:
        """Count a photo refused for what it shows; the last allowed one pauses the person."""
        mark = self._marks.of(platform, person)
        return int(self._scripts.run("strike", mark, allowed, int(pause_s * 1000)).result)

    def opted_out(self, platform: str, person: str) -> bool:
        """Tell whether this person asked that their photos are left alone."""
        mark = self._marks.of(platform, person)
        return bool(self._redis.sismember(f"{self._ns}:optouts", mark))

    def opt_in(self, platform: str, person: str) -> None:
        """Take an opt-out back: photos of this person may be painted again."""
        self._redis.srem(f"{self._ns}:optouts", self._marks.of(platform, person))

    def forget(self, platform: str, person: str, opt_out: bool = False) -> int:
        """Delete a person's photos, pictures and records now; return how many files went.

        Published answers to this person are queued to be deleted on their platform, with `opt_out`
        also those to others that show the person's photos.

        Files that the store does not delete now are deleted by the sweep, as soon as it does. Open
        jobs are cancelled. With `opt_out` a salted mark stays, by which later asks and photos of
        this person are refused.
        """
        mark = self._marks.of(platform, person)
        forgotten = self._scripts.run("forget", platform, person, mark, int(opt_out))
        rubbish = Rubbish(self._redis, self._ns, self._blobs)
        return rubbish.throw_away([text(key) for key in forgotten.result])
