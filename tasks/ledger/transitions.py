"""The steps of a job under a lease, from stage to stage."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence

from tasks.models import Claim, Outcome, Stage
from tasks.settings import Settings


class JobTransitions(ABC):
    """Every step that the holder of a lease can take. Whoever lost the lease cannot."""

    _settings: Settings
    _keep_ms: int

    @abstractmethod
    def _advance(self, script: str, claim: Claim, *args: str | int, told: str = "") -> None:
        """Run the script of one step for a claim.

        `told`: what it comes to, in the words of a story, where the script's name does not say it.
        """

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

    def painted(self, claim: Claim, pictures: Sequence[str], engine: str = "") -> None:
        """Pass a job, and all that wait for the same painting, on to delivery. Raises `LeaseLost`.

        Who asks later gets these pictures for as long as `engine` is what paints.
        """
        keep_ms = max(1, int(self._settings.picture_retention_s * 1000))
        self._advance("painted", claim, " ".join(pictures), keep_ms, engine)

    def record_send_intent(self, claim: Claim) -> None:
        """Write down that the answer is about to be sent. Raises `LeaseLost`: then send nothing."""
        self._advance("intend", claim)

    def finish(self, claim: Claim, outcome: Outcome, reason: str = "", receipt: str = "") -> None:
        """End a job whose answer stands or never can. Raises `LeaseLost`."""
        self._advance(
            "finish", claim, outcome, reason, receipt, self._keep_ms, told=f"{outcome} {reason}"
        )

    def fail(self, claim: Claim, reason: str, most: int, maybe_sent: bool = False) -> None:
        """Note a try that the photo may have spoilt; after `most` of them an apology. Raises `LeaseLost`."""
        self._fail(claim, reason, most, 0, maybe_sent)

    def retry_fault(self, claim: Claim, reason: str, maybe_sent: bool = False) -> None:
        """Note a fault that is not the photo's: tried again until patience ends. Raises `LeaseLost`."""
        patience_ms = int(self._settings.fault_patience_s * 1000)
        self._fail(claim, reason, self._settings.max_attempts, patience_ms, maybe_sent)

    def _fail(
        self, claim: Claim, reason: str, most: int, patience_ms: int, maybe_sent: bool
    ) -> None:
        rest = (most, patience_ms, self._keep_ms, int(maybe_sent))
        self._advance("fail", claim, claim.stage, reason, *rest, told=f"failed {reason}")

    def decline(self, claim: Claim, reason: str, facts: dict[str, str | int], refund: bool) -> None:
        """Pass a job on to be answered with one honest sentence. Raises `LeaseLost`."""
        words = json.dumps(facts, ensure_ascii=False)
        self._advance(
            "apologise", claim, claim.stage, reason, words, int(refund), told=f"declined {reason}"
        )

    def release(self, claim: Claim, reason: str, maybe_sent: bool = False) -> None:
        """Give a job back untouched, at no cost and to its old place. Raises `LeaseLost`."""
        self._advance(
            "release", claim, claim.stage, int(maybe_sent), reason, told=f"given-back {reason}"
        )

    def postpone(self, claim: Claim, until: float, maybe_sent: bool = False) -> None:
        """Give a job back for after `until`, at no cost and to its old place. Raises `LeaseLost`."""
        self._advance(
            "postpone", claim, claim.stage, int(maybe_sent), int(until * 1000), told="postponed"
        )

    def rewind_to(self, claim: Claim, to: Stage) -> None:
        """Do an earlier stage again, because what it stored is gone. Raises `LeaseLost`."""
        most = self._settings.max_attempts
        self._advance(
            "step_back", claim, claim.stage, to, most, self._keep_ms, told=f"back-to-{to}"
        )
