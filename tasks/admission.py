"""The people's side of the ledger: asking, looking, changing one's mind."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import lru_cache

from redis import Redis
from redis.exceptions import OutOfMemoryError, RedisError

from tasks.book import Book, UnknownJob, Wake
from tasks.contract import Admitted, Ask, Job, News, Outcome, Refused, Stage, Standing
from tasks.records import CorruptRecord, ask_to_json, job_id_of, text
from tasks.settings import Limits, Settings
from tasks.traces import Traces

_FULL_S = 60.0
"""When to come back to a server that is out of memory."""
_LISTEN_AGAIN_S = 0.5


class Admission(Book):
    """Takes asks in and tells people where theirs stand."""

    def __init__(self, redis: Redis, settings: Settings, wake: Wake, traces: Traces) -> None:
        super().__init__(redis, settings, wake, traces)
        self._limits_json = lru_cache(maxsize=64)(self._limits_of)

    def admit(self, ask: Ask) -> Admitted | Refused:
        """Take an ask in, or say why not; on disk when this returns. The same event is one job."""
        job_id, began_at = job_id_of(ask.platform, ask.event), time.time()
        try:
            row = self._run_durably("admit", *self._admission(job_id, ask))
        except OutOfMemoryError:
            return Refused("storage-full", time.time() + _FULL_S)
        kind, first, second = text(row[0]), row[1], int(row[2])
        if kind == "refused":
            return Refused(text(first), second / 1000, say=row[3] == 1)
        if kind == "admitted":
            self._traces.admitted(job_id, ask, began_at)
        return Admitted(job_id, int(first), second / 1000, again=kind == "again")

    def _admission(self, job_id: str, ask: Ask) -> list[str | int]:
        settings = self._settings
        return [
            job_id,
            ask.platform,
            ask.person,
            ask.conversation,
            int(ask.private),
            ask_to_json(ask),
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

    def standing(self, job_id: str) -> Standing:
        """Return a job's place in the queue and its expected wait.

        Raises `UnknownJob`, `CorruptRecord`.
        """
        row = self._run("standing", job_id)
        if not row:
            raise UnknownJob(job_id)
        stage, outcome, position, wait_ms, progress = row
        try:
            return Standing(
                Stage(text(stage)) if stage else None,
                Outcome(text(outcome)) if outcome else None,
                int(position),
                int(wait_ms) / 1000,
                float(text(progress)),
            )
        except ValueError as error:
            raise CorruptRecord(job_id, repr(error)) from error

    def find_standing(self, job_id: str) -> Standing | None:
        """Return what `standing` does, None where the job is gone or its record cannot be read."""
        try:
            return self.standing(job_id)
        except (UnknownJob, CorruptRecord):
            return None

    def mark(self, job_id: str, **marks: str) -> None:
        """Keep the platform's own notes on a job. Raises `UnknownJob`."""
        fields = {f"m:{key}": value for key, value in marks.items()}
        if not self._run("mark", job_id, *[v for pair in fields.items() for v in pair]):
            raise UnknownJob(job_id)

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

    def news(self, stop: threading.Event) -> Iterator[News]:
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
                            yield News(*text(message["data"]).split(" ", 2))
            except RedisError:
                stop.wait(_LISTEN_AGAIN_S)


def _owners(ask: Ask) -> set[str]:
    return {photo.owner for photo in ask.photos if photo.owner} - {ask.person}
