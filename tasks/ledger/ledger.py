"""What every part of the ledger has in hand: connection, scripts, settings, and how to wake workers.

The people's side of the ledger: asking, looking, changing one's mind.

The workers' side of the ledger: leases on jobs, and how a job moves on under them.

The sweep's and the operator's side of the ledger: what went wrong, and the state of the whole.

The ledger: the records of all jobs and the single truth about them, in Redis/Valkey.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import OutOfMemoryError, RedisError, ResponseError

from pipeline.errors import UserFacingError
from tasks.ledger.records import (
    SCHEMA,
    CorruptRecord,
    claim_from,
    job_from,
    job_id_of,
    request_to_json,
    text,
)
from tasks.ledger.scripts import Durability, Reply, Scripts, read
from tasks.ledger.transitions import JobTransitions
from tasks.models import (
    Admitted,
    Claim,
    Job,
    JobUpdate,
    Outcome,
    PaintRequest,
    QueueStatus,
    Refused,
    Stage,
)
from tasks.pseudonyms import Pseudonyms
from tasks.settings import Limits, Settings
from tasks.telemetry.spans import LEASE_LOST
from tasks.telemetry.tracing import Traces

Wake = Callable[[Stage], None]
"""Sends one wake-up to the workers of a stage; losing it costs time, never a job."""


class UnknownJob(Exception):
    """There is no job of this id (any more)."""


class LeaseLost(Exception):
    """The claim is not ours any more: it expired or was cancelled. Drop the work, say nothing."""


class Objection(Exception):
    """The job's person was banned or opted out, or the owner of one of its photos did.

    `reason` is `banned`, `opted-out` or `owner-opted-out`.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LedgerTooNew(UserFacingError):
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
        self._marks = Pseudonyms(redis, settings.namespace)
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


_FULL_S = 60.0
"""When to come back to a server that is out of memory."""

_LISTEN_AGAIN_S = 0.5


class Admission(Book):
    """Takes asks in and tells people where theirs stand."""

    def __init__(self, redis: Redis, settings: Settings, wake: Wake, traces: Traces) -> None:
        super().__init__(redis, settings, wake, traces)
        self._limits_json = lru_cache(maxsize=64)(self._limits_of)

    def admit(self, ask: PaintRequest) -> Admitted | Refused:
        """Take an ask in, or say why not; on disk when this returns. The same event is one job."""
        job_id, began_at = job_id_of(ask.platform, ask.event), time.time()
        try:
            row = self._run_durably("admit", *self._admission(job_id, ask))
        except OutOfMemoryError:
            return Refused("storage-full", time.time() + _FULL_S)
        kind, first, second = text(row[0]), row[1], int(row[2])
        if kind == "refused":
            return Refused(text(first), second / 1000, notify=row[3] == 1)
        if kind == "admitted":
            self._traces.admitted(job_id, ask, began_at)
        return Admitted(job_id, int(first), second / 1000, duplicate=kind == "again")

    def check(self, platform: str, person: str, event: str = "") -> Refused | None:
        """Say whether a request of this person would be refused now, before its photos have come.

        With the event's id, an event that was admitted before is not refused. Changes nothing but the
        count of refusals; `admit` decides.
        """
        job_id = job_id_of(platform, event) if event else ""
        # As a private request: whose conversation is full is known when the request is.
        probe = PaintRequest(platform, event, person, person, (), private=True)
        try:
            row = self._run("admit", *self._admission(job_id, probe), 1)
        except OutOfMemoryError:
            return Refused("storage-full", time.time() + _FULL_S)
        return Refused(text(row[1]), int(row[2]) / 1000) if text(row[0]) == "refused" else None

    def _admission(self, job_id: str, ask: PaintRequest) -> list[str | int]:
        settings = self._settings
        return [
            job_id,
            ask.platform,
            ask.person,
            ask.conversation,
            int(ask.private),
            request_to_json(ask),
            ask.event,
            self._limits_json(ask.platform),
            int(settings.queue_penalty_s * 1000),
            int(settings.refusal_silence_s * 1000),
            max(1, len(ask.photos)),
            self._marks.of(ask.platform, ask.person),
            " ".join(self._marks.of(ask.platform, owner) for owner in sorted(_owners(ask))),
            self._keep_ms,
        ]

    def _limits_of(self, platform: str) -> str:
        tiers: list[str] = ["", *self._settings.tier_limits]
        table: dict[str, Limits] = {t: self._settings.limits_for(platform, t) for t in tiers}
        return json.dumps({tier: limits.model_dump() for tier, limits in table.items()})

    def standing(self, job_id: str) -> QueueStatus:
        """Return a job's place in the queue and its expected wait.

        Raises `UnknownJob`, `CorruptRecord`.
        """
        row = self._run("standing", job_id)
        if not row:
            raise UnknownJob(job_id)
        stage, outcome, position, wait_ms, progress = row
        try:
            return QueueStatus(
                Stage(text(stage)) if stage else None,
                Outcome(text(outcome)) if outcome else None,
                int(position),
                int(wait_ms) / 1000,
                float(text(progress)),
            )
        except ValueError as error:
            raise CorruptRecord(job_id, repr(error)) from error

    def find_standing(self, job_id: str) -> QueueStatus | None:
        """Return what `standing` does, None where the job is gone or its record cannot be read."""
        try:
            return self.standing(job_id)
        except (UnknownJob, CorruptRecord):
            return None

    def set_platform_data(self, job_id: str, **marks: str) -> None:
        """Keep the platform's own notes on a job. Raises `UnknownJob`."""
        fields = {f"m:{key}": value for key, value in marks.items()}
        if not self._run("mark", job_id, *[v for pair in fields.items() for v in pair]):
            raise UnknownJob(job_id)

    def swap_platform_data(self, job_id: str, name: str, old: str, new: str) -> str:
        """Write `new` only where `old` stands ('': nothing); return what stands there afterwards.

        A worker that was stopped for longer than its lease must not write over what another one did
        meanwhile. Raises `UnknownJob`.
        """
        stands = self._run("swap_mark", job_id, f"m:{name}", old, new)
        if stands is None:
            raise UnknownJob(job_id)
        return text(stands)

    def cancel(self, job_id: str, person: str | None = None) -> bool:
        """Cancel a person's own job (None: by the operator); False once delivery has begun."""
        by_operator = int(person is None)
        return bool(self._run("cancel", job_id, self._keep_ms, by_operator, person or ""))

    def open_jobs(self, platform: str, person: str) -> tuple[str, ...]:
        """Return the ids of a person's jobs that have not ended."""
        return tuple(
            sorted(map(text, self._redis.smembers(f"{self._ns}:open:{platform}:{person}")))
        )

    def past_jobs(self, platform: str, person: str, count: int = 10) -> tuple[str, ...]:
        """Return the ids of a person's ended jobs, newest first."""
        ids = self._redis.zrevrange(f"{self._ns}:past:{platform}:{person}", 0, count - 1)
        return tuple(text(job_id) for job_id in ids if isinstance(job_id, bytes))

    def latest_job(self, platform: str, person: str) -> Job | None:
        """Return a person's newest job whose record is there and can be read, None without any."""
        ids = (*self.open_jobs(platform, person), *self.past_jobs(platform, person))
        return max(self.find_jobs(ids), key=lambda job: job.admitted_at, default=None)

    def news(self, stop: threading.Event) -> Iterator[JobUpdate]:
        """Yield what happens from now on, until `stop` is set. Best effort only.

        While the server is away nothing is heard; afterwards listening goes on.
        """
        while not stop.is_set():
            try:
                with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    channel.subscribe(f"{self._ns}:news")
                    while not stop.is_set():
                        message = channel.get_message(timeout=0.5)
                        if message:
                            yield JobUpdate(*text(message["data"]).split(" ", 2))
            except RedisError:
                stop.wait(_LISTEN_AGAIN_S)


def _owners(ask: PaintRequest) -> set[str]:
    return {photo.owner for photo in ask.photos if photo.owner} - {ask.person}


class Claims(Book, JobTransitions):
    """Leases, and every step of a job under one."""

    def claim(self, stage: Stage, most: int, worker: str, heard: bool = True) -> list[Claim]:
        """Lease up to `most` photos' worth of the jobs that are next in a stage.

        `heard`: a wake-up led here, so that the next new job may send another one.
        """
        rows = self._run("claim", stage, most, self._lease_ms, worker, int(heard), self._keep_ms)
        claims = []
        for row in rows:
            try:
                claims.append(claim_from(stage, row))
            except CorruptRecord as error:
                self.move_to_dead(error.job_id, "corrupt-record")
        return claims

    def move_to_dead(self, job_id: str, reason: str) -> None:
        """Put a job that nobody can work on onto the dead list."""
        self._run("bury", job_id, reason, self._keep_ms)

    def renew(self, claims: Sequence[Claim]) -> set[str]:
        """Renew leases of one stage; return the ids of those that are lost."""
        if not claims:
            return set()
        held = [value for claim in claims for value in (claim.job.id, claim.fence)]
        return set(map(text, self._run("renew", claims[0].stage, self._lease_ms, *held)))

    def progress(self, claims: Sequence[Claim], fraction: float) -> None:
        """Let the people know how far their painting is, 0..1."""
        held = [value for claim in claims for value in (claim.job.id, claim.fence)]
        self._run("progress", f"{fraction:.2f}", *held)

    def serve_waiters(self, step: int = 200) -> int:
        """Serve those who waited for a painting, in short steps; return how many were served."""
        served = 0
        while (now_served := int(self._run("settle", step))) > 0:
            served += now_served
        return served

    def record_send_intent(self, claim: Claim) -> None:
        """Write down, on disk, that the answer is about to be sent.

        Raises `LeaseLost`: then send nothing; `Objection`: then send no painting.
        """
        result = self._run_durably("intend", claim.job.id, claim.fence)
        if result == 0:
            raise LeaseLost(claim.job.id)
        if result != 1:
            raise Objection(text(result))

    @contextmanager
    def batch(self) -> Iterator[TransitionBatch]:
        """Collect steps of many claims and take them in one trip when the block ends.

        None of them raises `LeaseLost`; whose lease was lost is in `lost` afterwards.
        """
        steps = TransitionBatch(
            self._settings, self._keep_ms, self._scripts, self._redis.pipeline(False)
        )
        yield steps
        for claim, told, reply in steps.take():
            self._step(claim, told, reply)

    def _advance(self, script: str, claim: Claim, *args: str | int, told: str = "") -> None:
        reply = self._scripts.run(script, claim.job.id, claim.fence, *args)
        done = self._step(claim, told or script, reply)
        if done == 0:
            raise LeaseLost(claim.job.id)
        if done == _OTHERS_WAIT:
            self.serve_waiters()

    def _step(self, claim: Claim, told: str, reply: Reply) -> int:
        self._traces.stepped(claim, told if reply.result else LEASE_LOST)
        return int(self._follow(reply))


class TransitionBatch(JobTransitions):
    """JobTransitions that wait to be taken in one trip."""

    def __init__(self, settings: Settings, keep_ms: int, scripts: Scripts, pipe: Pipeline) -> None:
        self._settings = settings
        self._keep_ms = keep_ms
        self._scripts = scripts
        self._pipe = pipe
        self._taken: list[tuple[Claim, str]] = []
        self.lost: set[str] = set()
        """Ids of the jobs whose lease was lost, once the steps were taken."""

    def take(self) -> list[tuple[Claim, str, Reply]]:
        """Take all steps; return each with the story's words for it and what came of it."""
        replies = map(read, self._pipe.execute())
        done = [(*step, reply) for step, reply in zip(self._taken, replies, strict=True)]
        self.lost = {claim.job.id for claim, _, reply in done if not reply.result}
        return done

    def _advance(self, script: str, claim: Claim, *args: str | int, told: str = "") -> None:
        self._taken.append((claim, told or script))
        self._scripts.run(script, claim.job.id, claim.fence, *args, pipe=self._pipe)


_OTHERS_WAIT = 2
"""What `painted` returns when other jobs waited for the same painting."""

FULL_AT = 0.9
"""Share of the server's memory above which nothing new is taken in; the rest is for what was accepted."""

_TIGHT_AT = 0.8
"""Share above which the stories of long ended jobs go before their time."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """What a look at the whole found."""

    level_before: str
    level: str
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

    def update_overload_level(self) -> SystemStatus:
        """Measure the arrivals, move the surge ladder, notice a full memory; at most twice a second."""
        settings = self._settings
        bounds = (
            settings.brownout_above_s,
            settings.brownout_below_s,
            settings.limits.max_wait_s,
        )
        row = self._run("look", *(int(bound * 1000) for bound in bounds), FULL_AT)
        return SystemStatus(text(row[0]), text(row[1]), row[2] == 1, row[3] == 1)

    def prune(self, most: int = 1000) -> int:
        """Drop index entries whose time is over; return how many records had to go early."""
        memory = self._redis.info("memory")
        limit = int(memory.get("maxmemory", 0))
        tight = limit > 0 and int(memory["used_memory"]) > _TIGHT_AT * limit
        return int(self._run("tidy", self._keep_ms, most, int(tight)))

    def dead(self, most: int = 100) -> list[tuple[str, float]]:
        """Return the jobs that were given up and when, newest first."""
        rows = self._redis.zrevrange(f"{self._ns}:dead", 0, most - 1, withscores=True)
        return [(text(row[0]), float(row[1]) / 1000) for row in rows if not isinstance(row, bytes)]

    def retry_dead(self, job_id: str) -> bool:
        """Try a given-up job again from the start; False where its person has an answer."""
        return bool(self._run("revive", job_id))

    def discard_dead(self, job_id: str) -> bool:
        """Take a job off the dead list; False when it is not on it."""
        return bool(self._redis.zrem(f"{self._ns}:dead", job_id))


__all__ = ["LeaseLost", "Ledger", "LedgerTooNew", "UnknownJob", "Wake"]


class Ledger(Admission, Claims, Mending):
    """All that can happen to a job. Safe to share between threads and processes."""
