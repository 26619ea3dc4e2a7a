"""`python -P -m tasks.healthcheck KIND`: exit code 0 while a process of this kind runs on this machine."""

from __future__ import annotations

import socket
import sys

from redis import Redis

from tasks.heartbeat import Heartbeats
from tasks.services import redis_url
from tasks.settings import Settings


def is_alive_here(kind: str, settings: Settings) -> bool:
    """Return whether this machine (or container) has a live process of this kind."""
    with Redis.from_url(redis_url(settings), socket_timeout=5, decode_responses=True) as redis:
        processes = Heartbeats(redis, settings.namespace).alive()
    here = socket.gethostname()
    return any(p.kind == kind and p.name.rpartition(":")[0] == here for p in processes)


if __name__ == "__main__":
    sys.exit(0 if is_alive_here(sys.argv[1], Settings()) else 1)
