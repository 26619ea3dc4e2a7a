"""Sends spans to an OpenTelemetry collector. Only where the extra `traces` is installed and wanted."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from importlib.metadata import version
from urllib.parse import urlsplit

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags
from opentelemetry.util.re import parse_env_headers
from opentelemetry.util.types import AttributeValue
from pydantic import SecretStr

from tasks.heartbeat import process_name
from tasks.telemetry.spans import ROOT, Span, span_id, trace_id

_log = structlog.get_logger()

SHUTDOWN_TIMEOUT_S = 2.0
"""How long the end of a process waits for its last spans to be sent."""

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Otlp:
    """A `tasks.telemetry.tracing.Collector` behind a bounded queue and a thread of its own.

    Sampler, queue, timeout and certificates are those of OpenTelemetry's own environment variables.
    """

    def __init__(self, url: str, headers: SecretStr | None = None) -> None:
        # Silence the SDK's per-failure logs; `_LogTransitionsExporter` logs when exporting fails or recovers.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._ids = _GivenIds()
        self._provider = TracerProvider(
            resource=_this_process(), id_generator=self._ids, shutdown_on_exit=False
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                _LogTransitionsExporter(OTLPSpanExporter(endpoint=url, headers=shown(headers)), url)
            )
        )
        self._tracer = self._provider.get_tracer("suisai", version("suisai"))

    def wants(self, job_id: str) -> bool:
        drawn = self._provider.sampler.should_sample(Context(), int(trace_id(job_id), 16), ROOT)
        return drawn.decision is Decision.RECORD_AND_SAMPLE

    def take(self, span: Span) -> None:
        self._ids.give(span)
        drawn = self._tracer.start_span(
            span.name,
            Context() if span.part == ROOT else _below(span.job_id),
            attributes=span.says,
            links=[Link(_place(*link)) for link in span.links],
            start_time=_ns(span.started_at),
        )
        for event in span.events:
            detail = {"detail": event.detail} if event.detail else {}
            drawn.add_event(event.event, detail, _ns(event.at))
        if span.fault:
            drawn.set_status(Status(StatusCode.ERROR, span.fault))
        # Clocks differ from machine to machine: no span may end before it begins.
        drawn.end(_ns(max(span.started_at, span.ended_at)))

    def close(self) -> None:
        # The processor itself would wait for half a minute when the collector hangs.
        goodbye = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        goodbye.start()
        goodbye.join(SHUTDOWN_TIMEOUT_S)


def shown(headers: SecretStr | None) -> dict[str, str]:
    """Read headers as they are written in the environment: `name=value,name=value`, URL-encoded."""
    return dict(parse_env_headers(headers.get_secret_value(), liberal=True)) if headers else {}


class _GivenIds(IdGenerator):
    """Names the next span of this thread as it was told."""

    def __init__(self) -> None:
        self._next = threading.local()

    def give(self, span: Span) -> None:
        self._next.span = span

    def generate_trace_id(self) -> int:
        return int(trace_id(self._next.span.job_id), 16)

    def generate_span_id(self) -> int:
        return int(span_id(self._next.span.job_id, self._next.span.part), 16)


class _LogTransitionsExporter(SpanExporter):
    """Says once that the collector does not take spans, and once that it does again."""

    def __init__(self, exporter: SpanExporter, url: str) -> None:
        self._exporter = exporter
        self._host = urlsplit(url).hostname
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            _log.warning(
                "the collector takes no traces, they are dropped; the work goes on",
                collector=self._host,
            )
        elif self._failing and not failing:
            _log.info("the collector takes traces again", collector=self._host)
        self._failing = failing
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _this_process() -> Resource:
    about: dict[str, AttributeValue] = {
        "service.name": "suisai",
        "service.version": version("suisai"),
        "service.instance.id": process_name(),
    }
    # What the operator says in OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES wins.
    return Resource.create(about).merge(OTELResourceDetector().detect())


def _place(job_id: str, part: str) -> SpanContext:
    return SpanContext(
        int(trace_id(job_id), 16),
        int(span_id(job_id, part), 16),
        is_remote=True,
        trace_flags=_SAMPLED,
    )


def _below(job_id: str) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(_place(job_id, ROOT)), Context())


def _ns(at: float) -> int:
    return int(at * 1e9)
