"""One trace per job through all processes, for operators who run an OpenTelemetry collector."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec
from typing import Protocol

import structlog

from tasks.models import Claim, Job, PaintRequest
from tasks.settings import Settings
from tasks.telemetry import spans
from tasks.telemetry.spans import Span, Work

_log = structlog.get_logger()

EXTRA = "opentelemetry.exporter.otlp.proto.http"
"""What the extra `traces` brings."""


class Collector(Protocol):
    """Takes finished spans. No call waits for the network, none raises."""

    def wants(self, job_id: str) -> bool:
        """Tell whether this job's trace is kept: the same answer in every process."""
        ...

    def take(self, span: Span) -> None:
        """Take one span, or drop it where too many wait to be sent."""
        ...

    def close(self) -> None:
        """Send what is left, within a moment."""
        ...


class NullCollector:
    """The collector of those who have none."""

    def wants(self, job_id: str) -> bool:
        return False

    def take(self, span: Span) -> None:
        """Forget it."""

    def close(self) -> None:
        """Have nothing to send."""


class Traces:
    """Draws what this process does for jobs. Safe to share between threads."""

    def __init__(self, collector: Collector | None = None) -> None:
        self._collector = collector or NullCollector()
        self._at_work: dict[tuple[str, int], Work] = {}

    def sees(self, job_id: str) -> bool:
        """Tell whether this job's trace is drawn."""
        return self._collector.wants(job_id)

    def admitted(self, job_id: str, ask: PaintRequest, began_at: float) -> None:
        """Draw an admission that began at `began_at` and is done now."""
        if self.sees(job_id):
            self._collector.take(spans.admission(job_id, ask, began_at, time.time()))

    @contextmanager
    def working(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Draw, when the block ends, what it did with each of these claims."""
        began_at = time.time()
        drawn = [claim for claim in claims if self.sees(claim.job.id)]
        for claim in drawn:
            self._at_work[_key(claim)] = Work(claim, claims, began_at, began_at)
        try:
            yield
        finally:
            for claim in drawn:
                done = self._at_work.pop(_key(claim))
                if done.ended_at == began_at:
                    done = replace(done, ended_at=time.time())
                self._collector.take(spans.work(done))

    def stepped(self, claim: Claim, told: str) -> None:
        """Note what the work on a claim came to, in the words of a story."""
        done = self._at_work.get(_key(claim))
        if done is not None:
            self._at_work[_key(claim)] = replace(done, ended_at=time.time(), told=told)

    def ended(self, job: Job) -> None:
        """Draw the whole way of a job that has ended; doing so again changes nothing."""
        for span in spans.whole(job):
            self._collector.take(span)

    def close(self) -> None:
        """Send what is left, within a moment."""
        self._collector.close()


def can_be_sent() -> bool:
    """Tell whether the extra `traces` is installed."""
    try:
        return find_spec(EXTRA) is not None
    except ModuleNotFoundError:
        return False


def are_wanted(settings: Settings) -> bool:
    """Tell whether this process draws traces."""
    return settings.traces_url is not None and can_be_sent()


def open_traces(settings: Settings) -> Traces:
    """Return what draws traces as the settings say; a bot that cannot send any works without them."""
    if settings.traces_url is None:
        return Traces()
    if not can_be_sent():
        _log.warning("the extra 'traces' is not installed, going on without traces")
        return Traces()
    from tasks.telemetry.otlp import Otlp

    return Traces(Otlp(settings.traces_url, settings.otlp_headers))


def _key(claim: Claim) -> tuple[str, int]:
    return claim.job.id, claim.fence
