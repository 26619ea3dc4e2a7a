"""One OpenTelemetry trace per job through all processes, for operators who run a collector.

Admission starts the trace and stores its `traceparent` (W3C Trace Context) in the job's record; each stage
adds a span. Without a provider OpenTelemetry's API does nothing. Traces may be sent to a third party: spans
contain only codes, ids and numbers, never text of a platform or a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from importlib.metadata import version
from importlib.util import find_spec

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from opentelemetry.util.types import AttributeValue

from tasks.models import Claim, Outcome, PaintRequest
from tasks.settings import Settings

_log = structlog.get_logger()

EXTRA = "opentelemetry.exporter.otlp.proto.http"
"""A module that the extra `traces` installs."""
LEASE_LOST = "lease-lost"

_FAULTS = {"failed", LEASE_LOST, Outcome.UNDELIVERABLE}
_CODE = re.compile(r"[\w.:-]{1,80}", re.ASCII)
_PROPAGATOR = TraceContextTextMapPropagator()


class Tracing:
    """Creates the spans of one process. Thread-safe."""

    def __init__(
        self, provider: TracerProvider | None = None, shut_down: Callable[[], None] = lambda: None
    ) -> None:
        tracer = (provider or trace.get_tracer_provider()).get_tracer("suisai", version("suisai"))
        self._tracer = tracer
        self._spans: dict[tuple[str, int], Span] = {}
        self.close = shut_down
        """Sends the remaining spans and shuts the provider down."""

    def admission(self, job_id: str, request: PaintRequest) -> Span:
        """Start the span of an admission, the root of the job's trace.

        The caller ends it if the request is admitted; a span that is not ended is not sent.
        """
        attributes: dict[str, AttributeValue] = {
            "suisai.job": job_id,
            "suisai.platform": _code(request.platform),
            "suisai.style": _code(request.style),
            "suisai.photos": len(request.photos),
        }
        return self._tracer.start_span("admit", Context(), SpanKind.PRODUCER, attributes)

    @contextmanager
    def stage(self, claims: Sequence[Claim]) -> Iterator[None]:
        """Record the block as one span per claim; the spans of a batch are linked to each other."""
        spans = {_key(claim): self._begin(claim, len(claims)) for claim in claims if _traced(claim)}
        for span in spans.values():
            for other in spans.values():
                if other is not span:
                    span.add_link(other.get_span_context())
        self._spans.update(spans)
        # If there is one job only, spans of libraries become children of its span.
        (only, *more) = (*spans.values(), None)
        current = nullcontext() if only is None or more != [None] else trace.use_span(only)
        try:
            with current:
                yield
        finally:
            for key, span in spans.items():
                del self._spans[key]
                span.end()

    def _begin(self, claim: Claim, batch_size: int) -> Span:
        job = claim.job
        attributes: dict[str, AttributeValue] = {
            "suisai.job": job.id,
            "suisai.platform": _code(job.request.platform),
            "suisai.style": _code(job.request.style),
            "suisai.stage": str(claim.stage),
            "suisai.attempt": job.attempts + 1,
            "suisai.batch_size": batch_size,
            "suisai.draft": job.draft,
            "suisai.outcome": "dropped",
        }
        parent = _PROPAGATOR.extract({"traceparent": job.traceparent}, Context())
        return self._tracer.start_span(str(claim.stage), parent, SpanKind.CONSUMER, attributes)

    def transition(self, claim: Claim, event: str) -> None:
        """Record the result of the work on a claim: an event, optionally a space and a reason."""
        span = self._spans.get(_key(claim))
        if span is None:
            return
        outcome, _, reason = event.partition(" ")
        span.set_attribute("suisai.outcome", outcome)
        if _code(reason):
            span.set_attribute("suisai.reason", reason)
        if outcome in _FAULTS:
            span.set_status(Status(StatusCode.ERROR, _code(reason) or outcome))


def traceparent_of(span: Span) -> str:
    """Return a span's W3C `traceparent`, empty if it is not recorded."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(span, Context()))
    return carrier.get("traceparent", "")


def can_be_sent() -> bool:
    """Return whether the extra `traces` is installed."""
    try:
        return find_spec(EXTRA) is not None
    except ModuleNotFoundError:
        return False


def open_tracing(settings: Settings) -> Tracing:
    """Create the tracing that the settings describe; without the extra `traces` nothing is sent."""
    if settings.traces_url is None:
        return Tracing()
    if not can_be_sent():
        _log.warning("traces_not_sent", missing="the extra 'traces'", action="work without them")
        return Tracing()
    from tasks.telemetry.otlp import open_provider, shut_down

    provider = open_provider(settings.traces_url, settings.otlp_headers)
    return Tracing(provider, lambda: shut_down(provider))


def _traced(claim: Claim) -> bool:
    return bool(claim.job.traceparent)


def _code(text: str) -> str:
    return text if _CODE.fullmatch(text) else ""


def _key(claim: Claim) -> tuple[str, int]:
    return claim.job.id, claim.fence
