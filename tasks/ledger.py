"""The ledger: the records of all jobs and the single truth about them, in Redis/Valkey."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from redis import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from pipeline.contract import Explained
from tasks.contract import (
    Admitted,
    Ask,
    Claim,
    Job,
    News,
    Outcome,
    Refused,
    Stage,
    Standing,
)
from tasks.people import opt_out_mark
from tasks.records import (
    SCHEMA,
    CorruptRecord,
    ask_to_json,
    claim_from,
    job_from,
    job_id_of,
    text,
)
from tasks.scripts import Scripts
from tasks.settings import Limits, Settings

Wake = Callable[[Stage], None]
"""Sends one wake-up to the workers of a stage; losing it costs time, never a job."""


class UnknownJob(Exception):
    """There is no job of this id (any more)."""


class LeaseLost(Exception):
    """The claim is not ours any more: it expired or was cancelled. Drop the work, say nothing."""


class LedgerTooNew(Explained):
    """The ledger was written by a version of Suisai that this one does not understand."""


class Ledger:
    """All that can happen to a job. Safe to share between threads and processes."""

    def __init__(self, redis: Redis, settings: Settings, wake: Wake) -> None:
        self._redis = redis
        self._settings = settings
        self.wake = wake
        self._ns = settings.namespace
        self._scripts = Scripts(redis, settings.namespace)
        self._keep_ms = int(settings.job_retention_s * 1000)
        self._limits_json = lru_cache(maxsize=64)(self._limits_of)

    def check_schema(self) -> None:
        """Mark a new ledger as ours. Raises `LedgerTooNew` where a newer version wrote it."""
        self._redis.set(f"{self._ns}:schema", SCHEMA, nx=True)
        found = int(text(self._redis.get(f"{self._ns}:schema") or b"0"))
        if found > SCHEMA:
            raise LedgerTooNew(
                f"The ledger '{self._ns}' has schema {found}, this Suisai reads up to {SCHEMA}: "
                "install the newer version again, or choose another SUISAI_NAMESPACE."
            )

    def now(self) -> float:
        """Return the server's time, seconds since the epoch."""
        seconds, micros = self._redis.time()
        return float(seconds) + float(micros) / 1e6

    # Asking

    def admit(self, ask: Ask) -> Admitted | Refused:
        """Take an ask in, or say why not; on disk when this returns. The same event is one job."""
        job_id = job_id_of(ask.platform, ask.event)
        try:
            row = self._scripts.run("admit", *self._admission(job_id, ask))
        except (OutOfMemoryError, ResponseError) as error:
            if "OOM" not in str(error) and not isinstance(error, OutOfMemoryError):
                raise
            return Refused("storage-full", 0.0)
        kind, first, second, third = text(row[0]), row[1], row[2], int(row[3])
        if kind == "refused":
            return Refused(text(first), int(second) / 1000, say=third == 1)
        if third:
            self.wake(Stage.FETCH)
        return Admitted(job_id, int(first), int(second) / 1000, again=kind == "again")

    def _admission(self, job_id: str, ask: Ask) -> list[str | int]:
        s = self._settings
        return [
            job_id,
            ask.platform,
            ask.person,
            ask.conversation,
            int(ask.private),
            ask_to_json(ask),
            ask.event,
            self._limits_json(ask.platform),
            int(s.queue_penalty_s * 1000),
            int(s.refusal_silence_s * 1000),
            int(s.brownout_above_s * 1000),
            int(s.brownout_below_s * 1000),
            max(1, len(ask.photos)),
            opt_out_mark(self._redis, self._ns, ask.platform, ask.person),
        ]

    def _limits_of(self, platform: str) -> str:
        tiers: list[str] = ["", *self._settings.tier_limits]
        table: dict[str, Limits] = {t: self._settings.limits_for(platform, t) for t in tiers}
        return json.dumps({tier: limits.model_dump() for tier, limits in table.items()})

    def job(self, job_id: str) -> Job:
        """Return a job as it is now. Raises `UnknownJob`, `CorruptRecord`."""
        record = self._redis.hgetall(f"{self._ns}:job:{job_id}")
        if not record:
            raise UnknownJob(job_id)
        return job_from(job_id, {text(k): text(v) for k, v in record.items()})

    def standing(self, job_id: str) -> Standing:
        """Return a job's place in line and expected wait. Raises `UnknownJob`."""
        row = self._scripts.run("standing", job_id)
        if not row:
            raise UnknownJob(job_id)
        stage, outcome, position, wait_ms, progress = row
        return Standing(
            Stage(text(stage)) if stage else None,
            Outcome(text(outcome)) if outcome else None,
            int(position),
            int(wait_ms) / 1000,
            float(text(progress)),
        )

    def mark(self, job_id: str, **marks: str) -> None:
        """Keep the platform's own notes on a job. Raises `UnknownJob`."""
        fields = {f"m:{key}": value for key, value in marks.items()}
        if not self._scripts.run("mark", job_id, *[v for pair in fields.items() for v in pair]):
            raise UnknownJob(job_id)

    def cancel(self, job_id: str, person: str | None = None) -> bool:
        """Cancel a person's own job (None: by the operator); False once delivery has begun."""
        return bool(self._scripts.run("cancel", job_id, person or "", self._keep_ms))

    def open_jobs(self, platform: str, person: str) -> tuple[str, ...]:
        """Return the ids of a person's jobs that have not ended."""
        return tuple(
            sorted(map(text, self._redis.smembers(f"{self._ns}:open:{platform}:{person}")))
        )

    def past_jobs(self, platform: str, person: str, count: int = 10) -> tuple[str, ...]:
        """Return the ids of a person's ended jobs, newest first."""
        ids = self._redis.lrange(f"{self._ns}:past:{platform}:{person}", 0, count - 1)
        return tuple(map(text, ids))

    def news(self, stop: threading.Event) -> Iterator[News]:
        """Yield what happens from now on, until `stop` is set. Best effort only."""
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(f"{self._ns}:news")
            while not stop.is_set():
                message = channel.get_message(timeout=0.5)
                if message:
                    yield News(*text(message["data"]).split(" ", 2))

    # Working

    def claim(self, stage: Stage, most: int, worker: str) -> list[Claim]:
        """Lease up to `most` photos' worth of the jobs that are next in a stage."""
        *rows, wake = self._scripts.run("claim", stage, most, self._lease_ms(), worker)
        if wake:
            self.wake(stage)
        claims = []
        for row in rows:
            try:
                claims.append(claim_from(stage, row))
            except CorruptRecord as error:
                self.bury(error.job_id, "corrupt-record")
        return claims

    def renew(self, claims: Sequence[Claim]) -> set[str]:
        """Renew leases of one stage; return the ids of those that are lost."""
        if not claims:
            return set()
        held = [value for claim in claims for value in (claim.job.id, claim.fence)]
        return set(map(text, self._scripts.run("renew", claims[0].stage, self._lease_ms(), *held)))

    def progress(self, claims: Sequence[Claim], fraction: float) -> None:
        """Let the people know how far their painting is, 0..1."""
        pipe = self._redis.pipeline(transaction=False)
        for claim in claims:
            pipe.hset(f"{self._ns}:job:{claim.job.id}", "progress", f"{fraction:.2f}")
            pipe.publish(f"{self._ns}:news", f"{claim.job.id} {claim.job.ask.platform} progress")
        pipe.execute()

    def fetched(
        self,
        claim: Claim,
        photos: Sequence[str],
        shape: str,
        paint_key: str = "",
        notes: Sequence[str] = (),
        scores: Sequence[float] = (),
    ) -> None:
        """Pass a job on to be painted; jobs of one `paint_key` are painted once. Raises `LeaseLost`."""
        told = " ".join(dict.fromkeys(notes))
        judged = " ".join(f"{score:.4f}" for score in scores)
        self._advance("fetched", claim, " ".join(photos), told, shape, paint_key, judged)

    def painted(self, claim: Claim, pictures: Sequence[str]) -> None:
        """Pass a job, and all that wait for the same painting, on to delivery. Raises `LeaseLost`."""
        keep_ms = max(1, int(self._settings.picture_retention_s * 1000))
        self._advance("painted", claim, " ".join(pictures), keep_ms)

    def intend(self, claim: Claim) -> None:
        """Write down that the answer is about to be sent. Raises `LeaseLost`: then send nothing."""
        if not self._scripts.run("intend", claim.job.id, claim.fence):
            raise LeaseLost(claim.job.id)

    def finish(self, claim: Claim, outcome: Outcome, reason: str = "", receipt: str = "") -> None:
        """End a job whose answer stands or never can. Raises `LeaseLost`."""
        if not self._scripts.run(
            "finish", claim.job.id, claim.fence, outcome, reason, receipt, self._keep_ms
        ):
            raise LeaseLost(claim.job.id)

    def fail(self, claim: Claim, reason: str, most: int, maybe_sent: bool = False) -> None:
        """Note a failed try; after `most` of them the job ends in an apology. Raises `LeaseLost`."""
        self._advance("fail", claim, claim.stage, reason, most, self._keep_ms, int(maybe_sent))

    def apologise(
        self, claim: Claim, reason: str, facts: dict[str, str | int], refund: bool
    ) -> None:
        """Pass a job on to be answered with one honest sentence. Raises `LeaseLost`."""
        words = json.dumps(facts, ensure_ascii=False)
        self._advance("apologise", claim, claim.stage, reason, words, int(refund))

    def release(self, claim: Claim, reason: str, maybe_sent: bool = False) -> None:
        """Give a job back untouched, at no cost and to its old place. Raises `LeaseLost`."""
        self._advance("release", claim, claim.stage, int(maybe_sent), reason)

    def step_back(self, claim: Claim, to: Stage) -> None:
        """Do an earlier stage again, because what it stored is gone. Raises `LeaseLost`."""
        self._advance("step_back", claim, claim.stage, to)

    def _advance(self, script: str, claim: Claim, *args: str | int) -> None:
        done, stage, wake = self._scripts.run(script, claim.job.id, claim.fence, *args)
        if not done:
            raise LeaseLost(claim.job.id)
        if wake:
            self.wake(Stage(text(stage)))

    # Keeping order

    def sweep(self, most_jobs: int = 1000) -> tuple[int, int]:
        """Take back expired leases and wake what is due; return how many of each."""
        expired, due, *wakes = self._scripts.run(
            "sweep", self._settings.max_attempts, self._keep_ms, most_jobs
        )
        for stage, wake in zip(Stage, wakes, strict=True):
            if wake:
                self.wake(stage)
        return int(expired), int(due)

    def bury(self, job_id: str, reason: str) -> None:
        """Put a job that nobody can work on onto the dead list."""
        self._scripts.run("bury", job_id, reason, self._keep_ms)

    def dead(self, most: int = 100) -> list[tuple[str, float]]:
        """Return the jobs that were given up and when, newest first."""
        rows = self._redis.zrevrange(f"{self._ns}:dead", 0, most - 1)
        ids = [text(row) for row in rows if isinstance(row, bytes)]
        times = self._redis.zmscore(f"{self._ns}:dead", ids) if ids else []
        return [(i, float(at or 0) / 1000) for i, at in zip(ids, times, strict=True)]

    def revive(self, job_id: str) -> bool:
        """Try a given-up job again from the start; False where its person has an answer."""
        revived = bool(self._scripts.run("revive", job_id))
        if revived:
            self.wake(Stage.FETCH)
        return revived

    def drop_dead(self, job_id: str) -> bool:
        """Take a job off the dead list; False when it is not on it."""
        return bool(self._redis.zrem(f"{self._ns}:dead", job_id))

    def _lease_ms(self) -> int:
        return int(self._settings.lease_s * 1000)
