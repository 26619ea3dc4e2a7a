"""What every part of the ledger has in hand: connection, scripts, settings, and how to wake workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import RedisError, ResponseError

from pipeline.contract import Explained
from tasks.contract import Job, Stage
from tasks.durability import Durability
from tasks.marks import Marks
from tasks.records import SCHEMA, CorruptRecord, job_from, text
from tasks.scripts import Reply, Scripts
from tasks.settings import Settings
from tasks.traces import Traces

Wake = Callable[[Stage], None]
"""Sends one wake-up to the workers of a stage; losing it costs time, never a job."""


class UnknownJob(Exception):
    """There is no job of this id (any more)."""


class LeaseLost(Exception):
    """The claim is not ours any more: it expired or was cancelled. Drop the work, say nothing."""


class LedgerTooNew(Explained):
    """The ledger was written by a version of Suisai that this one does not understand."""


class Book:
    """One ledger, opened. Safe to share between threads and processes."""

    def __init__(self, redis: Redis, settings: Settings, wake: Wake, traces: Traces) -> None:
        self._redis = redis
        self._settings = settings
        self.wake = wake
        self._traces = traces
        self._ns = settings.namespace
        self._scripts = Scripts(redis, settings.namespace)
        self._durably = Durability(redis, self._scripts)
        self._marks = Marks(redis, settings.namespace)
        self._keep_ms = int(settings.job_retention_s * 1000)
        self._lease_ms = int(settings.lease_s * 1000)

    def check_schema(self) -> None:
        """Mark a new ledger as ours. Raises `LedgerTooNew` where another version wrote it."""
        key = f"{self._ns}:schema"
        # Only where it must: a server whose memory is full takes no SET, and workers must come up.
        if not self._redis.exists(key):
            self._redis.set(key, SCHEMA, nx=True)
        found = text(self._redis.get(key) or b"none")
        if found != str(SCHEMA):
            raise LedgerTooNew(
                f"The ledger '{self._ns}' has schema {found[:20]}, this Suisai reads {SCHEMA} only: "
                "install the version that wrote it, or choose another SUISAI_NAMESPACE."
            )

    def now(self) -> float:
        """Return the server's time, seconds since the epoch."""
        seconds, micros = self._redis.time()
        return float(seconds) + float(micros) / 1e6

    def job(self, job_id: str) -> Job:
        """Return a job as it is now. Raises `UnknownJob`, `CorruptRecord`."""
        (record,) = self._records([job_id])
        return _read_job(job_id, record)

    def find_job(self, job_id: str) -> Job | None:
        """Return a job as it is now, None where it is gone or its record cannot be read."""
        return next(iter(self.find_jobs([job_id])), None)

    def find_jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return those of these jobs that are there and whose records can be read, in this order."""
        found = []
        for job_id, record in zip(job_ids, self._records(job_ids), strict=True):
            with suppress(UnknownJob, CorruptRecord):
                found.append(_read_job(job_id, record))
        return found

    def _records(self, job_ids: Sequence[str]) -> list[Any]:
        """Return the fields of each record in one round trip; an error in place of a broken one."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(f"{self._ns}:job:{job_id}")
        return pipe.execute(raise_on_error=False)

    def _run(self, script: str, *args: str | int | float) -> Any:  # noqa: ANN401 - Lua's
        return self._follow(self._scripts.run(script, *args))

    def _run_durably(self, script: str, *args: str | int | float) -> Any:  # noqa: ANN401 - Lua's
        return self._follow(self._durably.run(script, *args))

    def _follow(self, reply: Reply) -> Any:  # noqa: ANN401 - what a script returns
        """Do what a script leaves to its caller, and return its result."""
        for stage in reply.woken:
            self.wake(Stage(stage))
        for job_id in filter(self._traces.sees, reply.ended):
            # The job has ended: that its trace cannot be drawn must not look like a failure.
            with suppress(RedisError, UnknownJob, CorruptRecord):
                self._traces.ended(self.job(job_id))
        return reply.result


def _read_job(job_id: str, record: Any) -> Job:  # noqa: ANN401 - what the server sent
    if isinstance(record, ResponseError):
        raise CorruptRecord(job_id, str(record)) from record
    if isinstance(record, Exception):
        raise record
    if not record:
        raise UnknownJob(job_id)
    return job_from(job_id, record)
