"""The workers' side of the ledger: leases on jobs, and how a job moves on under them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tasks.book import Book, LeaseLost
from tasks.contract import Claim, Outcome, Stage
from tasks.records import CorruptRecord, claim_from, text


class Claims(Book):
    """Every step of a job under a lease. A holder whose lease is lost cannot take it."""

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
        if self._advance("painted", claim, " ".join(pictures), keep_ms) == _OTHERS_WAIT:
            self.settle()

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

    def finish(self, claim: Claim, outcome: Outcome, reason: str = "", receipt: str = "") -> None:
        """End a job whose answer stands or never can. Raises `LeaseLost`."""
        self._advance("finish", claim, outcome, reason, receipt, self._keep_ms)

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

    def postpone(self, claim: Claim, until: float, maybe_sent: bool = False) -> None:
        """Give a job back for after `until`, at no cost and to its old place. Raises `LeaseLost`."""
        self._advance("postpone", claim, claim.stage, int(maybe_sent), int(until * 1000))

    def step_back(self, claim: Claim, to: Stage) -> None:
        """Do an earlier stage again, because what it stored is gone. Raises `LeaseLost`."""
        most = self._settings.max_attempts
        self._advance("step_back", claim, claim.stage, to, most, self._keep_ms)

    def _advance(self, script: str, claim: Claim, *args: str | int) -> int:
        done = int(self._run(script, claim.job.id, claim.fence, *args))
        if not done:
            raise LeaseLost(claim.job.id)
        return done


_OTHERS_WAIT = 2
"""What `painted` returns when other jobs waited for the same painting."""
