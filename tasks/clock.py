"""The server's clock, by which the ledger counts: the clocks of the machines may differ."""

from __future__ import annotations

from redis import Redis


def server_time(redis: Redis) -> float:
    """Return the time of the Redis or Valkey server, seconds since the epoch."""
    seconds, micros = redis.time()
    return float(seconds) + float(micros) / 1e6
