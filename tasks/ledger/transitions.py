"""The transitions of a leased job between stages. They fail if the caller has lost the lease."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Protocol

from redis.client import Pipeline

from tasks.ledger.scripts import Reply, Scripts, read
from tasks.models import Claim, Outcome, Stage
from tasks.settings import Settings


class Execute(Protocol):
    """Runs the script of one transition for a claim, now or in a batch.

    `event` describes the transition for tracing, as in a job's history.
    """

    def __call__(self, script: str, claim: Claim, *args: str | int, event: str) -> None: ...


class JobTransitions:
    """All transitions that the holder of a lease can make. Each raises `LeaseLost`."""

    def __init__(self, settings: Settings, execute: Execute) -> None:
        self._settings = settings
        self._keep_ms = int(settings.job_retention_s * 1000)
        self._execute = execute

    def fetched(
        self,
        claim: Claim,
        photos: Sequence[str],
        shape: str,
        paint_key: str = "",
        notes: Sequence[str] = (),
        scores: Sequence[float] = (),
        model: str = "",
    ) -> None:
        """Pass a job on to `render`; jobs with the same `paint_key` are painted once.

        `model` is the one that is to paint it, empty for any.
        """
        codes = " ".join(dict.fromkeys(notes))
        written = " ".join(f"{score:.4f}" for score in scores)
        args = (" ".join(photos), codes, shape, paint_key, written, model)
        self._execute("fetched", claim, *args, event="fetched")

    def painted(
        self,
        claim: Claim,
        pictures: Sequence[str],
        edition: str = "",
        notes: Sequence[str] = (),
        model: str = "",
    ) -> None:
        """Pass a job, and all that wait for the same painting, on to `deliver`.

        Later requests for it get these pictures while they are kept and a worker of this `edition` (engine
        and version) paints. `notes` are codes of what this job's answer should mention beside the notes on
        its photos. `model` is the one that painted.
        """
        keep_ms = max(1, int(self._settings.picture_retention_s * 1000))
        args = (" ".join(pictures), keep_ms, edition, " ".join(notes), model)
        self._execute("painted", claim, *args, event="painted")

    def finish(self, claim: Claim, outcome: Outcome, reason: str = "", receipt: str = "") -> None:
        """End a job that is answered or cannot be answered."""
        args = (outcome, reason, receipt, self._keep_ms)
        self._execute("finish", claim, *args, event=f"{outcome} {reason}")

    def fail(self, claim: Claim, reason: str, most: int, maybe_sent: bool = False) -> None:
        """Count a failed attempt that the photo may have caused; after `most` of them the job is given up."""
        self._fail(claim, reason, most, 0, maybe_sent)

    def retry_fault(self, claim: Claim, reason: str, maybe_sent: bool = False) -> None:
        """Record a fault that no photo causes; the stage is retried for `fault_patience_s` seconds."""
        patience_ms = int(self._settings.fault_patience_s * 1000)
        self._fail(claim, reason, self._settings.max_attempts, patience_ms, maybe_sent)

    def _fail(
        self, claim: Claim, reason: str, most: int, patience_ms: int, maybe_sent: bool
    ) -> None:
        args = (claim.stage, reason, most, patience_ms, self._keep_ms, int(maybe_sent))
        self._execute("fail", claim, *args, event=f"failed {reason}")

    def decline(self, claim: Claim, reason: str, facts: dict[str, str | int], refund: bool) -> None:
        """Pass a job on to `deliver`, to be answered with an apology for `reason`."""
        written = json.dumps(facts, ensure_ascii=False)
        args = (claim.stage, reason, written, int(refund))
        self._execute("decline", claim, *args, event=f"declined {reason}")

    def release(self, claim: Claim, reason: str, maybe_sent: bool = False) -> None:
        """Return a job to its previous place in the queue, without counting an attempt."""
        args = (claim.stage, int(maybe_sent), reason)
        self._execute("release", claim, *args, event=f"given-back {reason}")

    def postpone(self, claim: Claim, until: float, maybe_sent: bool = False) -> None:
        """Return a job to the queue after `until` (seconds since the epoch), without counting an attempt."""
        args = (claim.stage, int(maybe_sent), int(until * 1000))
        self._execute("postpone", claim, *args, event="postponed")

    def rewind_to(self, claim: Claim, to: Stage) -> None:
        """Return a job to an earlier stage, because the blobs of the stage before were deleted."""
        args = (claim.stage, to, self._settings.max_attempts, self._keep_ms)
        self._execute("rewind", claim, *args, event=f"back-to-{to}")


class TransitionBatch(JobTransitions):
    """Transitions that are executed in one round trip."""

    def __init__(self, settings: Settings, scripts: Scripts, pipe: Pipeline) -> None:
        super().__init__(settings, self.add)
        self._scripts = scripts
        self._pipe = pipe
        self._added: list[tuple[Claim, str]] = []
        self.lost: set[str] = set()
        """Ids of the jobs whose lease was lost; set by `run`."""

    def add(self, script: str, claim: Claim, *args: str | int, event: str) -> None:
        """Add the transition that this script makes."""
        self._added.append((claim, event))
        self._scripts.run(script, claim.job.id, claim.fence, *args, pipe=self._pipe)

    def run(self) -> list[tuple[Claim, str, Reply]]:
        """Run all transitions; return each with its event and the script's reply."""
        replies: list[Any] = self._pipe.execute()
        done = [(*added, read(reply)) for added, reply in zip(self._added, replies, strict=True)]
        self.lost = {claim.job.id for claim, _, reply in done if not reply.result}
        return done
