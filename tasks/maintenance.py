"""Periodic maintenance: expired leases, delayed jobs, the overload level, deletion of old files."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from tasks.blobs import UPLOADS, expired_keys
from tasks.deletion_queue import DeletionQueue, rewrite_if_requested
from tasks.ledger.ledger import SystemStatus
from tasks.services import Services

_log = structlog.get_logger()

_EVERY_S = 1.0

_EXPIRE_BLOBS_EVERY_S = 60.0


def run_maintenance(services: Services, stop: threading.Event) -> None:
    """Run every second until `stop` is set. Any number of processes may do so at once."""
    expired_at = -_EXPIRE_BLOBS_EVERY_S
    while not stop.is_set():
        try:
            run_once(services)
            if time.monotonic() - expired_at > _EXPIRE_BLOBS_EVERY_S:
                expired_at = time.monotonic()
                delete_expired_blobs(services, datetime.now(UTC))
        except RedisError as error:
            _log.warning("ledger_unavailable", error=str(error), action="retry")
        except OSError as error:
            _log.error("blob_store_unavailable", error=str(error), action="retry")
        stop.wait(_EVERY_S)


def run_once(services: Services) -> None:
    """Run every maintenance task once. Raises `RedisError`, `OSError`."""
    ledger = services.ledger
    expired, _ = ledger.sweep()
    if expired:
        _log.warning("leases_expired", jobs=expired, action="requeue")
    ledger.serve_waiters()
    _log_changes(ledger.update_overload_level())
    dropped = ledger.prune()
    if dropped:
        _log.warning("memory_low", records=dropped, action="drop old records early")
    delete_queued_blobs(services)
    rewrite_if_requested(services.redis, services.settings.namespace)


def _log_changes(status: SystemStatus) -> None:
    if status.level != status.level_before:
        _log.warning("overload_level_changed", level=status.level, before=status.level_before)
    if status.full and not status.full_before:
        _log.error("memory_full", action="refuse new requests")
    if status.full_before and not status.full:
        _log.warning("memory_available", action="admit requests again")


def delete_queued_blobs(services: Services, most: int = 500) -> int:
    """Delete the photos of ended jobs; return how many. Failed deletions are retried later."""
    queue = DeletionQueue(services.redis, services.settings.namespace, services.blobs)
    return queue.delete(queue.oldest(most))


def delete_expired_blobs(services: Services, now: datetime) -> int:
    """Delete photos, uploads and pictures that are older than their retention; return how many.

    This includes files that a crash left behind. A job whose photo is deleted is fetched again.
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
