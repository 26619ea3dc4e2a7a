"""The sweep's and the operator's side of the ledger: what went wrong, and the state of the whole."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.book import Book
from tasks.records import text

FULL_AT = 0.9
"""Share of the server's memory above which nothing new is taken in; the rest is for what was accepted."""
_TIGHT_AT = 0.8
"""Share above which the stories of long ended jobs go before their time."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What a look at the whole found."""

    ladder_before: str
    ladder: str
    full_before: bool
    full: bool


class Mending(Book):
    """Takes back what dead workers hold, and keeps the ledger within its bounds."""

    def sweep(self, most_jobs: int = 1000) -> tuple[int, int]:
        """Take back expired leases and wake what is due; return how many of each.

        A server that has just come up gives the holders one lease's time to renew: they could not.
        """
        young = self._redis.info("server")["uptime_in_seconds"] * 1000 < self._lease_ms
        grace_ms = self._lease_ms if young else 0
        attempts = self._settings.max_attempts
        expired, due = self._run("sweep", attempts, self._keep_ms, most_jobs, grace_ms)
        return int(expired), int(due)

    def look(self) -> Weather:
        """Measure the arrivals, move the surge ladder, notice a full memory; at most twice a second."""
        settings = self._settings
        bounds = (
            settings.brownout_above_s,
            settings.brownout_below_s,
            settings.limits.max_wait_s,
        )
        row = self._run("look", *(int(bound * 1000) for bound in bounds), FULL_AT)
        return Weather(text(row[0]), text(row[1]), row[2] == 1, row[3] == 1)

    def tidy(self, most: int = 1000) -> int:
        """Drop index entries whose time is over; return how many records had to go early."""
        memory = self._redis.info("memory")
        limit = int(memory.get("maxmemory", 0))
        tight = limit > 0 and int(memory["used_memory"]) > _TIGHT_AT * limit
        return int(self._run("tidy", self._keep_ms, most, int(tight)))

    def dead(self, most: int = 100) -> list[tuple[str, float]]:
        """Return the jobs that were given up and when, newest first."""
        rows = self._redis.zrevrange(f"{self._ns}:dead", 0, most - 1, withscores=True)
        return [(text(row[0]), float(row[1]) / 1000) for row in rows if not isinstance(row, bytes)]

    def revive(self, job_id: str) -> bool:
        """Try a given-up job again from the start; False where its person has an answer."""
        return bool(self._run("revive", job_id))

    def drop_dead(self, job_id: str) -> bool:
        """Take a job off the dead list; False when it is not on it."""
        return bool(self._redis.zrem(f"{self._ns}:dead", job_id))
