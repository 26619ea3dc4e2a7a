"""Sets right what dead workers and lost messages left behind, and throws away what is due."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from tasks.records import text
from tasks.services import Services

_log = structlog.get_logger()

_EVERY_S = 1.0
_BLOBS_EVERY_S = 60.0


def run_sweep(services: Services, stop: threading.Event) -> None:
    """Sweep every second until `stop` is set. Any number of machines may do so at once."""
    blobs_at = 0.0
    while not stop.is_set():
        try:
            expired, _ = services.ledger.sweep()
            if expired:
                _log.warning("expired leases, jobs go back in line", jobs=expired)
            throw_away(services)
            if time.monotonic() - blobs_at > _BLOBS_EVERY_S:
                blobs_at = time.monotonic()
                collect(services, datetime.now(UTC))
        except RedisError as error:
            _log.warning("the ledger does not answer, sweeping again soon", error=str(error))
        except OSError as error:
            _log.error("the blob store does not answer, sweeping again soon", error=str(error))
        stop.wait(_EVERY_S)


def throw_away(services: Services, most: int = 500) -> int:
    """Delete the photos of ended jobs; return how many."""
    key = f"{services.settings.namespace}:rubbish"
    blobs = [text(blob) for blob in services.redis.lrange(key, 0, most - 1)]
    services.blobs.delete(blobs)
    # Another sweep may have deleted the same ones meanwhile: remove by value, not by place.
    pipe = services.redis.pipeline(transaction=False)
    for blob in blobs:
        pipe.lrem(key, 1, blob)
    pipe.execute()
    return len(blobs)


def collect(services: Services, now: datetime) -> int:
    """Delete photos, uploads and pictures that are older than they may be; return how many.

    Whatever a crash orphaned goes this way, too. A job whose photo went is fetched again.
    """
    settings = services.settings
    ages = {
        "photos": settings.photo_retention_s,
        "uploads": settings.photo_retention_s,
        "pictures": settings.picture_retention_s,
    }
    old = [
        key
        for prefix, age_s in ages.items()
        for key, written, _ in services.blobs.listing(prefix)
        if now - written > timedelta(seconds=age_s)
    ]
    services.blobs.delete(old)
    return len(old)
