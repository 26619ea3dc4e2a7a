"""Bans, tiers, strikes and opt-outs of people, and the deletion of a person's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis import Redis

from tasks.blobs import BlobStore
from tasks.deletion_queue import DeletionQueue, request_rewrite
from tasks.kv import KeyValueStore
from tasks.ledger.scripts import Scripts
from tasks.pseudonyms import Pseudonyms
from tasks.rate_limit import Holds
from tasks.retractions import Retractions
from tasks.settings import Settings


@dataclass(frozen=True, slots=True)
class PersonStatus:
    """The data about one person in the ledger."""

    banned: bool
    opted_out: bool
    tier: str | None
    """None: the limits for everybody apply."""
    open_jobs: tuple[str, ...]
    """Ids of jobs that are queued or in progress."""
    past_jobs: tuple[str, ...]
    """Ids of jobs that ended and whose records are kept, newest first."""


@dataclass(frozen=True, slots=True)
class MarkedPeople:
    """Everybody who is banned, opted out or has a tier."""

    banned: tuple[str, ...]
    """Pseudonyms: the ledger does not keep the names."""
    opted_out: tuple[str, ...]
    """Pseudonyms, too."""
    tiers: Mapping[str, str]
    """`platform:person` -> tier."""


class Users:
    """Decides who may send requests and with which limits, and deletes a person's data."""

    def __init__(self, redis: Redis, settings: Settings, blobs: BlobStore) -> None:
        self._redis = redis
        self._ns = settings.namespace
        self._blobs = blobs
        self._scripts = Scripts(redis, settings.namespace)
        self._pseudonyms = Pseudonyms(redis, settings)
        self._holds = Holds(redis, settings.namespace)

    def pseudonym(self, platform: str, name: str) -> str:
        """Return the pseudonym of a name that must not be stored."""
        return self._pseudonyms.of(platform, name)

    def ban(self, platform: str, person: str) -> None:
        """Refuse all requests of this person from now on."""
        self._redis.sadd(f"{self._ns}:banned", self._pseudonyms.of(platform, person))

    def unban(self, platform: str, person: str) -> None:
        """Admit requests of this person again."""
        self._redis.srem(f"{self._ns}:banned", self._pseudonyms.of(platform, person))

    def set_tier(self, platform: str, person: str, tier: str | None) -> None:
        """Assign a tier to a person; `exempt` has no personal limits; None: the limits for everybody."""
        if tier is None:
            self._redis.hdel(f"{self._ns}:tiers", f"{platform}:{person}")
        else:
            self._redis.hset(f"{self._ns}:tiers", f"{platform}:{person}", tier)

    def tier(self, platform: str, person: str) -> str | None:
        """Return the tier of a person, None if the limits for everybody apply."""
        tier = self._redis.hget(f"{self._ns}:tiers", f"{platform}:{person}")
        return None if tier is None else str(tier)

    def unban_pseudonym(self, pseudonym: str) -> bool:
        """Unban the person with this pseudonym; return whether they were banned."""
        return bool(self._redis.srem(f"{self._ns}:banned", pseudonym))

    def status(self, platform: str, person: str) -> PersonStatus:
        """Return the data about a person in the ledger."""
        mark, who = self._pseudonyms.of(platform, person), f"{platform}:{person}"
        tier = self._redis.hget(f"{self._ns}:tiers", who)
        past: Any = self._redis.zrange(f"{self._ns}:past:{who}", 0, -1, desc=True)
        return PersonStatus(
            banned=bool(self._redis.sismember(f"{self._ns}:banned", mark)),
            opted_out=bool(self._redis.sismember(f"{self._ns}:optouts", mark)),
            tier=None if tier is None else str(tier),
            open_jobs=self._members(f"open:{who}"),
            past_jobs=tuple(past),
        )

    def marked(self) -> MarkedPeople:
        """Return everybody who is banned, opted out or has a tier."""
        tiers: Any = self._redis.hgetall(f"{self._ns}:tiers")
        return MarkedPeople(
            banned=self._members("banned"),
            opted_out=self._members("optouts"),
            tiers=dict(sorted(tiers.items())),
        )

    def _members(self, name: str) -> tuple[str, ...]:
        members: Any = self._redis.smembers(f"{self._ns}:{name}")
        return tuple(sorted(members))

    def strike(self, platform: str, person: str, allowed: int = 3, pause_s: float = 86_400) -> int:
        """Count a photo that was refused for its content; return the count, 0 when a pause begins.

        After `allowed` such photos further requests are refused for `pause_s` seconds.
        """
        mark = self._pseudonyms.of(platform, person)
        return int(self._scripts.run("strike", mark, allowed, int(pause_s * 1000)).result)

    def opted_out(self, platform: str, person: str) -> bool:
        """Return whether this person opted out."""
        mark = self._pseudonyms.of(platform, person)
        return bool(self._redis.sismember(f"{self._ns}:optouts", mark))

    def opt_in(self, platform: str, person: str) -> None:
        """Remove an opt-out: photos of this person may be painted again."""
        self._redis.srem(f"{self._ns}:optouts", self._pseudonyms.of(platform, person))

    def forget(self, platform: str, person: str, opt_out: bool = False) -> int:
        """Delete a person's photos, pictures and records now; return how many files were deleted.

        Published answers to this person and messages that announce one are queued for deletion on their
        platform; with `opt_out` also answers to others that show the person's photos.

        Files that the blob store cannot delete now are deleted by the sweep later. Open jobs are
        cancelled. With `opt_out` a pseudonym is stored, by which later requests and photos of this
        person are refused.
        """
        pseudonym = self._pseudonyms.of(platform, person)
        forgotten = self._scripts.run("forget", platform, person, pseudonym, int(opt_out))
        kv = KeyValueStore(self._redis, f"{self._ns}:notes:{platform}")
        retractions = Retractions(self._redis, self._ns)
        for receipt in kv.messages_to(person):
            retractions.add(platform, receipt)
        kv.forget(person)
        self._holds.forget(platform, person)
        self._blobs.delete_uploads(person)
        request_rewrite(self._redis, self._ns)
        queue = DeletionQueue(self._redis, self._ns, self._blobs)
        return queue.delete(forgotten.result)
