"""The workers' side of the ledger: leases on jobs, and how a job moves on under them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from redis.client import Pipeline

from tasks.book import Book, LeaseLost
from tasks.contract import Claim, Stage
from tasks.records import CorruptRecord, claim_from, text
from tasks.scripts import Reply, Scripts, read
from tasks.settings import Settings
from tasks.spans import LEASE_LOST
from tasks.steps import Steps


class Claims(Book, Steps):
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
                self.bury(error.job_id, "corrupt-record")
        return claims

    def bury(self, job_id: str, reason: str) -> None:
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

    def settle(self, step: int = 200) -> int:
        """Serve those who waited for a painting, in short steps; return how many were served."""
        served = 0
        while (now_served := int(self._run("settle", step))) > 0:
            served += now_served
        return served

    def intend(self, claim: Claim) -> None:
        """Write down, on disk, that the answer is about to be sent.

        Raises `LeaseLost`: then send nothing.
        """
        if not self._run_durably("intend", claim.job.id, claim.fence):
            raise LeaseLost(claim.job.id)

    @contextmanager
    def together(self) -> Iterator[Together]:
        """Collect steps of many claims and take them in one trip when the block ends.

        None of them raises `LeaseLost`; whose lease was lost is in `lost` afterwards.
        """
        steps = Together(self._settings, self._keep_ms, self._scripts, self._redis.pipeline(False))
        yield steps
        for claim, told, reply in steps.take():
            self._step(claim, told, reply)

    def _advance(self, script: str, claim: Claim, *args: str | int, told: str = "") -> None:
        reply = self._scripts.run(script, claim.job.id, claim.fence, *args)
        done = self._step(claim, told or script, reply)
        if done == 0:
            raise LeaseLost(claim.job.id)
        if done == _OTHERS_WAIT:
            self.settle()

    def _step(self, claim: Claim, told: str, reply: Reply) -> int:
        self._traces.stepped(claim, told if reply.result else LEASE_LOST)
        return int(self._follow(reply))


class Together(Steps):
    """Steps that wait to be taken in one trip."""

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
