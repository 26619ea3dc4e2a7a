"""`python -P -m tasks.alive KIND` exits with 0 while a process of this kind on this machine is alive."""

from __future__ import annotations

import socket
import sys

from redis import Redis

from tasks.house import redis_url
from tasks.presence import Presence
from tasks.settings import Settings


def is_alive_here(kind: str, settings: Settings) -> bool:
    """Tell whether this machine (or container) has a live process of this kind."""
    with Redis.from_url(redis_url(settings), socket_timeout=5) as redis:
        processes = Presence(redis, settings.namespace).alive()
    here = socket.gethostname()
    return any(p.kind == kind and p.name.rpartition(":")[0] == here for p in processes)


if __name__ == "__main__":
    sys.exit(0 if is_alive_here(sys.argv[1], Settings()) else 1)
