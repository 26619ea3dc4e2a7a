"""The ledger: the records and queues of all jobs, in Redis or Valkey.

Every change of a job is one Lua script (`lua/`), which is atomic on the server. All times are the server's.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from pipeline.errors import UserFacingError
from tasks.kv import Batch, server_time
from tasks.ledger.records import (
    SCHEMA,
    CorruptRecord,
    claim_from,
    job_from,
    job_id_of,
    request_to_json,
)
from tasks.ledger.scripts import Durability, Reply, Scripts, read
from tasks.ledger.transitions import JobTransitions, TransitionBatch
from tasks.models import (
    Admitted,
    Claim,
    Job,
    JobUpdate,
    Outcome,
    OverloadLevel,
    PaintRequest,
    QueueStatus,
    Refused,
    Stage,
)
from tasks.pseudonyms import Pseudonyms
from tasks.settings import Limits, Settings
from tasks.telemetry.tracing import LEASE_LOST, Tracing, traceparent_of

Wake = Callable[[str], None]
"""Sends one wake-up through a queue: a stage, or a part of a stage as in `tasks.routing`. Losing it costs
time, never a job."""

FULL_AT = 0.9
"""Share of the server's memory above which nothing new is admitted; the rest is for open jobs."""
_TIGHT_AT = 0.8
"""Share of the server's memory above which records of ended jobs are dropped early."""
_FULL_S = 60.0
"""How long after a refusal with `storage-full` a person should wait."""
_RESUBSCRIBE_S = 0.5
_OTHERS_WAIT = 2
"""Result of `painted` where other jobs wait for the same painting."""


class UnknownJob(Exception):
    """There is no record of this job: it never existed, or its retention is over."""


class LeaseLost(Exception):
    """The lease expired or the job was cancelled: discard the work and send nothing."""


class Objection(Exception):
    """The job's person was banned or opted out, or the owner of one of its photos opted out.

    `reason` is `banned`, `opted-out` or `owner-opted-out`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SchemaMismatch(UserFacingError):
    """The ledger was written by a version of Suisai with another schema."""


class Claims(list[Claim]):
    """The claims of one call; `more`: further jobs of the stage can be claimed now."""

    def __init__(self, claims: Iterable[Claim] = (), *, more: bool = False) -> None:
        super().__init__(claims)
        self.more = more


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """Overload level and memory state of the bot, before and after an update."""

    level_before: OverloadLevel
    level: OverloadLevel
    full_before: bool
    """The server's memory was nearly full."""
    full: bool


class Ledger:
    """Admits, queues, leases and ends jobs. Thread-safe; any number of processes may use one ledger.

    Transitions of a leased job are in `transitions`; `batch` runs many in one round trip.
    """

    def __init__(self, redis: Redis, settings: Settings, wake: Wake, tracing: Tracing) -> None:
        self._redis = redis
        self._settings = settings
        self.wake = wake
        self._tracing = tracing
        self._ns = settings.namespace
        self._scripts = Scripts(redis, settings.namespace)
        self._durability = Durability(redis, self._scripts)
        self._pseudonyms = Pseudonyms(redis, settings)
        self._keep_ms = int(settings.job_retention_s * 1000)
        self._lease_ms = int(settings.lease_s * 1000)
        self._limits_json = lru_cache(maxsize=64)(self._limits_of)
        self.transitions = JobTransitions(settings, self._execute)

    def check_schema(self) -> None:
        """Check the ledger's schema and pseudonym key; write them into a new ledger.

        Raises `SchemaMismatch`, `KeyMismatch`.
        """
        key = f"{self._ns}:schema"
        # A server whose memory is full refuses SET, but workers must be able to start.
        if not self._redis.exists(key):
            self._redis.set(key, SCHEMA, nx=True)
        found = str(self._redis.get(key))
        if found != str(SCHEMA):
            raise SchemaMismatch(
                f"The ledger '{self._ns}' has schema {found[:20]}, this version of Suisai reads "
                f"schema {SCHEMA} only. Install the version that wrote it and let it finish its jobs, "
                "or set SUISAI_NAMESPACE to another name: then a new, empty ledger is used."
            )
        self._pseudonyms.check()

    def now(self) -> float:
        """Return the server's time, seconds since the epoch."""
        return server_time(self._redis)

    # Admission and queries

    def admit(self, request: PaintRequest) -> Admitted | Refused:
        """Admit or refuse a request; each event is admitted once.

        An admitted request is on the server's disk when this returns.
        """
        job_id = job_id_of(request.platform, request.event)
        span = self._tracing.admission(job_id, request)
        try:
            row = self._run_durably(
                "admit", *self._admission(job_id, request), 0, traceparent_of(span)
            )
        except OutOfMemoryError:
            return Refused("storage-full", time.time() + _FULL_S)
        kind, first, second = row[0], row[1], int(row[2])
        if kind == "refused":
            return Refused(first, second / 1000, notify=row[3] == 1)
        if kind == "admitted":
            span.end()
        return Admitted(job_id, int(first), second / 1000, duplicate=kind == "duplicate")

    def check(self, platform: str, person: str, event: str = "") -> Refused | None:
        """Return the refusal that a request of this person would get now, None if it would be admitted.

        Lets an adapter refuse before it receives the photos. With the event's id, an event that was
        admitted before is not refused. Changes only the count of refusals; `admit` decides.
        """
        job_id = job_id_of(platform, event) if event else ""
        # As a private request, because the limit per conversation is checked by `admit`.
        probe = PaintRequest(platform, event, person, person, (), private=True)
        try:
            row = self._run("admit", *self._admission(job_id, probe), 1)
        except OutOfMemoryError:
            return Refused("storage-full", time.time() + _FULL_S)
        return Refused(row[1], int(row[2]) / 1000) if row[0] == "refused" else None

    def _admission(self, job_id: str, request: PaintRequest) -> list[str | int]:
        settings, platform = self._settings, request.platform
        owners = {photo.owner for photo in request.photos if photo.owner} - {request.person}
        return [
            job_id,
            platform,
            request.person,
            request.conversation,
            int(request.private),
            request_to_json(request),
            request.event,
            self._limits_json(platform),
            int(settings.queue_penalty_s * 1000),
            int(settings.refusal_silence_s * 1000),
            max(1, len(request.photos)),
            self._pseudonyms.of(platform, request.person),
            " ".join(self._pseudonyms.of(platform, owner) for owner in sorted(owners)),
            self._keep_ms,
        ]

    def _limits_of(self, platform: str) -> str:
        tiers: list[str] = ["", *self._settings.tier_limits]
        table: dict[str, Limits] = {t: self._settings.limits_for(platform, t) for t in tiers}
        return json.dumps({tier: limits.model_dump() for tier, limits in table.items()})

    def queue_status(self, job_id: str) -> QueueStatus:
        """Return a job's place in the queue and its expected wait.

        Raises `UnknownJob`, `CorruptRecord`.
        """
        row = self._run("status", job_id)
        if not row:
            raise UnknownJob(job_id)
        stage, outcome, position, wait_ms, progress, held = row
        try:
            return QueueStatus(
                Stage(stage) if stage else None,
                Outcome(outcome) if outcome else None,
                int(position),
                int(wait_ms) / 1000,
                float(progress),
                paused=int(held) == 1,
            )
        except ValueError as error:
            raise CorruptRecord(job_id, repr(error)) from error

    def find_queue_status(self, job_id: str) -> QueueStatus | None:
        """Return a job's queue status, None if the job does not exist or its record cannot be read."""
        try:
            return self.queue_status(job_id)
        except (UnknownJob, CorruptRecord):
            return None

    def job(self, job_id: str) -> Job:
        """Return a job as it is now. Raises `UnknownJob`, `CorruptRecord`."""
        (record,) = self._records([job_id])
        return _read_job(job_id, record)

    def find_job(self, job_id: str) -> Job | None:
        """Return a job, None if it does not exist or its record cannot be read."""
        return next(iter(self.find_jobs([job_id])), None)

    def find_jobs(self, job_ids: Sequence[str]) -> list[Job]:
        """Return the jobs that exist and whose records can be read, in the order of `job_ids`."""
        found = []
        for job_id, record in zip(job_ids, self._records(job_ids), strict=True):
            with suppress(UnknownJob, CorruptRecord):
                found.append(_read_job(job_id, record))
        return found

    def _records(self, job_ids: Sequence[str]) -> list[Any]:
        """Return the fields of each record in one round trip; an exception for one that is not a hash."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hgetall(f"{self._ns}:job:{job_id}")
        return pipe.execute(raise_on_error=False)

    def outcomes(self, job_ids: Sequence[str]) -> list[Outcome | None]:
        """Return the outcome of each job, None for jobs that have not ended. One round trip."""
        pipe = self._redis.pipeline(transaction=False)
        for job_id in job_ids:
            pipe.hget(f"{self._ns}:job:{job_id}", "outcome")
        return [Outcome(value) if value else None for value in pipe.execute()]

    def open_jobs(self, platform: str, person: str) -> tuple[str, ...]:
        """Return the ids of a person's jobs that have not ended."""
        ids: Any = self._redis.smembers(f"{self._ns}:open:{platform}:{person}")
        return tuple(sorted(ids))

    def past_jobs(self, platform: str, person: str, count: int = 10) -> tuple[str, ...]:
        """Return the ids of a person's ended jobs, newest first."""
        ids: Any = self._redis.zrevrange(f"{self._ns}:past:{platform}:{person}", 0, count - 1)
        return tuple(ids)

    def open_count(self, platform: str) -> int:
        """Return how many jobs of a platform have not ended."""
        return max(0, int(self._redis.hget(f"{self._ns}:unanswered", platform) or 0))

    def latest_job(self, platform: str, person: str) -> Job | None:
        """Return a person's newest job whose record can be read, None if there is none."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.smembers(f"{self._ns}:open:{platform}:{person}")
        pipe.zrevrange(f"{self._ns}:past:{platform}:{person}", 0, 9)
        opened, past = pipe.execute()
        return max(self.find_jobs([*opened, *past]), key=lambda job: job.admitted_at, default=None)

    def recent_jobs(self) -> list[Job]:
        """Return the latest public jobs that were answered with a painting, newest first."""
        ids: Any = self._redis.lrange(f"{self._ns}:recent", 0, -1)
        return self.find_jobs(ids)

    def set_platform_data(self, job_id: str, **data: str) -> None:
        """Store the platform's own data in a job's record. Raises `UnknownJob`."""
        if not self._run("set_platform_data", job_id, *_pairs(data)):
            raise UnknownJob(job_id)

    def add_platform_data(self, batch: Batch, job_id: str, **data: str) -> None:
        """Like `set_platform_data`, in a batch; does nothing for an unknown job."""
        self._scripts.add(batch, "set_platform_data", job_id, *_pairs(data))

    def swap_platform_data(self, job_id: str, name: str, old: str, new: str) -> str:
        """Write `new` if the current value is `old` ('' for none); return the value afterwards.

        So a worker that was suspended for longer than its lease cannot overwrite what another worker
        wrote meanwhile. Raises `UnknownJob`.
        """
        value = self._run("swap_platform_data", job_id, f"m:{name}", old, new)
        if value is None:
            raise UnknownJob(job_id)
        return str(value)

    def add_platform_swap(
        self, batch: Batch, job_id: str, name: str, old: str, new: str
    ) -> Callable[[], str]:
        """Like `swap_platform_data`, in a batch; the result is available after the batch has run."""
        pending = self._scripts.add(batch, "swap_platform_data", job_id, f"m:{name}", old, new)

        def value_now() -> str:
            value = read(pending.value).result
            if value is None:
                raise UnknownJob(job_id)
            return str(value)

        return value_now

    def cancel(self, job_id: str, person: str | None = None) -> bool:
        """Cancel a person's own job (None: by the operator); False once delivery has begun."""
        by_operator = int(person is None)
        return bool(self._run("cancel", job_id, self._keep_ms, by_operator, person or ""))

    def updates(self, stop: threading.Event) -> Iterator[JobUpdate]:
        """Yield updates of all jobs from now on, until `stop` is set. Updates may be lost.

        While the server is unreachable nothing is yielded; afterwards the subscription is renewed.
        """
        while not stop.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(f"{self._ns}:updates")
                    while not stop.is_set():
                        message = channel.get_message(timeout=0.5)
                        if message:
                            yield JobUpdate(*message["data"].split(" ", 2))
            except RedisError:
                stop.wait(_RESUBSCRIBE_S)

    # Claims and leases

    def claim(self, stage: Stage, most: int, worker: str, from_wakeup: bool = True) -> Claims:
        """Lease the next jobs of a stage, with at most `most` photos in total; a single job may have more.

        `from_wakeup`: clear the flag of pending wake-ups, so that the next new job sends one again.
        """
        rows, more = self._run(
            "claim", stage, most, self._lease_ms, worker, int(from_wakeup), self._keep_ms
        )
        claims = Claims(more=more == 1)
        for row in rows:
            try:
                claims.append(claim_from(stage, row))
            except CorruptRecord as error:
                self.move_to_dead(error.job_id, "corrupt-record")
        return claims

    def renew(self, claims: Sequence[Claim]) -> set[str]:
        """Renew leases of one stage; return the ids of the jobs whose lease was lost."""
        if not claims:
            return set()
        held = [value for claim in claims for value in (claim.job.id, claim.fence)]
        return set(self._run("renew", claims[0].stage, self._lease_ms, *held))

    def progress(self, claims: Sequence[Claim], fraction: float) -> None:
        """Record the completed fraction of the paintings of these claims, 0..1."""
        held = [value for claim in claims for value in (claim.job.id, claim.fence)]
        self._run("progress", f"{fraction:.2f}", *held)

    def record_send_intent(self, claim: Claim) -> Job:
        """Record, on disk, that the answer is about to be sent; return the current job.

        Raises `LeaseLost` (send nothing) and `Objection` (do not send the painting).
        """
        result = self._run_durably("record_intent", claim.job.id, claim.fence)
        if result == 0:
            raise LeaseLost(claim.job.id)
        if isinstance(result, str):
            raise Objection(result)
        return job_from(claim.job.id, dict(zip(result[::2], result[1::2], strict=True)))

    @contextmanager
    def batch(self) -> Iterator[TransitionBatch]:
        """Collect transitions of many claims and run them in one round trip when the block ends.

        None of them raises `LeaseLost`; the jobs whose lease was lost are in `lost` afterwards.
        """
        batch = TransitionBatch(self._settings, self._scripts, self._redis.pipeline(False))
        yield batch
        for claim, event, reply in batch.run():
            self._follow_transition(claim, event, reply)

    def _execute(self, script: str, claim: Claim, *args: str | int, event: str) -> None:
        reply = self._scripts.run(script, claim.job.id, claim.fence, *args)
        result = self._follow_transition(claim, event, reply)
        if result == 0:
            raise LeaseLost(claim.job.id)
        if result == _OTHERS_WAIT:
            self.serve_waiters()

    def _follow_transition(self, claim: Claim, event: str, reply: Reply) -> int:
        self._tracing.transition(claim, event if reply.result else LEASE_LOST)
        return int(self._follow(reply))

    def serve_waiters(self, step: int = 200) -> int:
        """Pass on the jobs that waited for another job's painting, up to `step` per call of the script.

        Return how many were passed on.
        """
        served = 0
        while (now_served := int(self._run("serve_waiters", step))) > 0:
            served += now_served
        return served

    # Maintenance, and the dead list

    def sweep(self, most_jobs: int = 1000) -> tuple[int, int]:
        """Requeue jobs with expired leases and delayed jobs that are due; return how many of each.

        After a restart of the server leases expire one lease duration later, because they could not be
        renewed while it was down.
        """
        young = self._redis.info("server")["uptime_in_seconds"] * 1000 < self._lease_ms
        grace_ms = self._lease_ms if young else 0
        attempts = self._settings.max_attempts
        expired, due = self._run("sweep", attempts, self._keep_ms, most_jobs, grace_ms)
        return int(expired), int(due)

    def update_overload_level(self) -> SystemStatus:
        """Measure arrivals, load and memory, and set the overload level; at most twice a second."""
        settings = self._settings
        bounds_s = (
            settings.brownout_above_s,
            settings.brownout_below_s,
            settings.limits.max_wait_s,
        )
        row = self._run("update_overload", *(int(bound * 1000) for bound in bounds_s), FULL_AT)
        return SystemStatus(OverloadLevel(row[0]), OverloadLevel(row[1]), row[2] == 1, row[3] == 1)

    def prune(self, most: int = 1000) -> int:
        """Delete index entries whose retention is over, and when memory is low old records of ended jobs.

        Return how many records were deleted before the end of their retention.
        """
        memory = self._redis.info("memory")
        limit = int(memory.get("maxmemory", 0))
        tight = limit > 0 and int(memory["used_memory"]) > _TIGHT_AT * limit
        return int(self._run("prune", self._keep_ms, most, int(tight)))

    def move_to_dead(self, job_id: str, reason: str) -> None:
        """End a job that cannot be processed and add it to the dead list."""
        self._run("to_dead", job_id, reason, self._keep_ms)

    def dead(self, most: int = 100) -> list[tuple[str, float]]:
        """Return ids of the dead list and when they were added (seconds since the epoch), newest first."""
        rows: Any = self._redis.zrevrange(f"{self._ns}:dead", 0, most - 1, withscores=True)
        return [(job_id, float(at_ms) / 1000) for job_id, at_ms in rows]

    def retry_dead(self, job_id: str) -> bool:
        """Restart a dead job from the first stage; False if it is not dead or its person has an answer."""
        return bool(self._run("retry_dead", job_id))

    def discard_dead(self, job_id: str) -> bool:
        """Remove a job from the dead list; False if it is not on it."""
        return bool(self._redis.zrem(f"{self._ns}:dead", job_id))

    def _run(self, script: str, *args: str | int | float) -> Any:  # noqa: ANN401 - Lua's
        return self._follow(self._scripts.run(script, *args))

    def _run_durably(self, script: str, *args: str | int | float) -> Any:  # noqa: ANN401 - Lua's
        return self._follow(self._durability.run(script, *args))

    def _follow(self, reply: Reply) -> Any:  # noqa: ANN401 - a script's result
        """Send the wake-ups that a script asks for, and return its result."""
        for queue in reply.woken:
            self.wake(queue)
        return reply.result


def _pairs(data: Mapping[str, str]) -> list[str]:
    return [word for name, value in data.items() for word in (f"m:{name}", value)]


def _read_job(job_id: str, record: Any) -> Job:  # noqa: ANN401 - what the server sent
    if isinstance(record, ResponseError):
        raise CorruptRecord(job_id, str(record)) from record
    if isinstance(record, Exception):
        raise record
    if not record:
        raise UnknownJob(job_id)
    return job_from(job_id, record)
