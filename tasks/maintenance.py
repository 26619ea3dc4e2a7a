"""Sets right what dead workers and lost messages left behind, and throws away what is due."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from tasks.blobs import UPLOADS, expired_keys
from tasks.deletion_queue import DeletionQueue
from tasks.durable_deletion import rewrite_if_requested
from tasks.ledger.ledger import SystemStatus
from tasks.services import Services

_log = structlog.get_logger()

_EVERY_S = 1.0

_TIDY_EVERY_S = 60.0

_NOW = {
    "normal": "photos get the full recipe",
    "brownout": "photos get the faster recipe",
    "refuse": "who would wait too long is told when to come back",
}
"""What each step means for who asks now."""


def run_maintenance(services: Services, stop: threading.Event) -> None:
    """Sweep every second until `stop` is set. Any number of machines may do so at once."""
    tidied_at = -_TIDY_EVERY_S
    while not stop.is_set():
        try:
            run_once(services)
            if time.monotonic() - tidied_at > _TIDY_EVERY_S:
                tidied_at = time.monotonic()
                delete_expired_blobs(services, datetime.now(UTC))
        except RedisError as error:
            _log.warning("the ledger does not answer, sweeping again soon", error=str(error))
        except OSError as error:
            _log.error("the blob store does not answer, sweeping again soon", error=str(error))
        stop.wait(_EVERY_S)


def run_once(services: Services) -> None:
    """Take back what is overdue, serve who waits, look at the whole. Raises `RedisError`, `OSError`."""
    ledger = services.ledger
    expired, _ = ledger.sweep()
    if expired:
        _log.warning("expired leases, jobs go back in line", jobs=expired)
    ledger.serve_waiters()
    _tell(ledger.update_overload_level())
    dropped = ledger.prune()
    if dropped:
        _log.warning("memory is short, old stories go before their time", stories=dropped)
    delete_queued_blobs(services)
    rewrite_if_requested(services.redis, services.settings.namespace)


def _tell(weather: SystemStatus) -> None:
    if weather.level != weather.level_before:
        said = f"surge ladder at {weather.level}, from now on {_NOW[weather.level]}"
        _log.warning(said, step=weather.level, before=weather.level_before)
    if weather.full and not weather.full_before:
        _log.error("the ledger's memory is nearly full, nothing new is taken in")
    if weather.full_before and not weather.full:
        _log.warning("the ledger has room again, asks are taken in")


def delete_queued_blobs(services: Services, most: int = 500) -> int:
    """Delete the photos of ended jobs; return how many. What the store refuses is tried again later."""
    rubbish = DeletionQueue(services.redis, services.settings.namespace, services.blobs)
    return rubbish.delete(rubbish.oldest(most))


def delete_expired_blobs(services: Services, now: datetime) -> int:
    """Delete photos, uploads and pictures that are older than they may be; return how many.

    Whatever a crash orphaned goes this way, too. A job whose photo went is fetched again.
    """
    settings, blobs = services.settings, services.blobs
    photos, pictures = (
        timedelta(seconds=s) for s in (settings.photo_retention_s, settings.picture_retention_s)
    )
    old = [key for key, written, _ in blobs.listing(UPLOADS) if now - written > photos]
    old += expired_keys(blobs, "photos", photos, now)
    old += expired_keys(blobs, "pictures", pictures, now)
    blobs.delete(old)
    return len(old)
