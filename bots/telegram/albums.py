"""Albums: Telegram sends each photo as a message of its own; they are gathered, durably, into one ask."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from redis import Redis

from bots.telegram.heard import Heard
from bots.telegram.origin import Origin, Place
from tasks.contract import PhotoRef
from tasks.records import text

_LATE_S = 86_400


@dataclass(frozen=True, slots=True)
class Gathered:
    """An album that is complete."""

    key: str
    parts: tuple[bytes, ...]
    heard: Heard
    """Its photos as one message."""


class Albums:
    """Albums that are still coming in. Each part is written before its update counts as taken."""

    def __init__(self, redis: Redis, namespace: str, photos_max: int) -> None:
        self._redis = redis
        self._ns = f"{namespace}:notes:telegram"
        self._photos_max = photos_max

    def add(self, part: Heard, due: float) -> bool:
        """Keep one part; the album is complete at `due`. False when the album is closed already."""
        key = f"{part.origin.chat}:{part.album}"
        if self._redis.exists(f"{self._ns}:album-closed:{key}"):
            return False
        pipe = self._redis.pipeline(transaction=True)
        pipe.hset(f"{self._ns}:album:{key}", str(part.origin.message), _written(part))
        pipe.expire(f"{self._ns}:album:{key}", _LATE_S)
        pipe.zadd(f"{self._ns}:albums", {key: due})
        pipe.execute()
        return True

    def due(self, now: float) -> list[Gathered]:
        """Return the albums that are complete, each as one message with all its photos."""
        keys: Sequence[Any] = self._redis.zrangebyscore(f"{self._ns}:albums", "-inf", now)
        return [self._gathered(text(key)) for key in keys]

    def close(self, album: Gathered) -> None:
        """Forget an album that is in the ledger or nobody's business; late parts stand alone."""
        pipe = self._redis.pipeline(transaction=True)
        pipe.set(f"{self._ns}:album-closed:{album.key}", "1", ex=_LATE_S)
        pipe.hdel(f"{self._ns}:album:{album.key}", *album.parts)
        pipe.hlen(f"{self._ns}:album:{album.key}")
        # A part that came in meanwhile is the next album of this key.
        if pipe.execute()[-1] == 0:
            self._redis.zrem(f"{self._ns}:albums", album.key)

    def _gathered(self, key: str) -> Gathered:
        parts: Mapping[Any, Any] = self._redis.hgetall(f"{self._ns}:album:{key}")
        heard = [_read(parts[name]) for name in sorted(parts, key=int)]
        return Gathered(key, tuple(parts), self._as_one(heard))

    def _as_one(self, heard: list[Heard]) -> Heard:
        speaking = next((part for part in heard if part.words or part.command), heard[0])
        photos = tuple(photo for part in heard for photo in part.photos)
        return replace(
            heard[0],
            words=speaking.words,
            command=speaking.command,
            photos=photos[: self._photos_max],
            addressed=any(part.addressed for part in heard),
        )


def _written(part: Heard) -> str:
    return json.dumps(asdict(part))


def _read(written: bytes) -> Heard:
    part = json.loads(written)
    origin = part.pop("origin")
    origin["place"] = Place(origin["place"])
    for name in ("photos", "replied_photos"):
        part[name] = tuple(PhotoRef(**photo) for photo in part[name])
    return Heard(origin=Origin(**origin), **part)
