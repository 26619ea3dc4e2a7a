"""Sends spans to an OpenTelemetry collector. Imported only if the extra `traces` is installed and in use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from importlib.metadata import version
from urllib.parse import urlsplit

import structlog
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.util.re import parse_env_headers
from pydantic import SecretStr

from tasks.heartbeat import process_name

_log = structlog.get_logger()

SHUTDOWN_TIMEOUT_S = 2.0
"""How long the end of a process waits for its last spans to be sent."""


def open_provider(url: str, headers: SecretStr | None = None) -> TracerProvider:
    """Return a provider that sends spans from a bounded queue in a separate thread.

    Sampler, queue, timeout and certificates are set by OpenTelemetry's environment variables.
    """
    # The SDK logs every failed call; `_LogTransitionsExporter` logs only the first one.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    own = {
        "service.name": "suisai",
        "service.version": version("suisai"),
        "service.instance.id": process_name(),
    }
    # OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence.
    resource = Resource.create(own).merge(OTELResourceDetector().detect())
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=url, headers=read_headers(headers))
    provider.add_span_processor(BatchSpanProcessor(_LogTransitionsExporter(exporter, url)))
    return provider


def shut_down(provider: TracerProvider) -> None:
    """Send the remaining spans, for at most `SHUTDOWN_TIMEOUT_S`; the SDK alone would wait for 30 s."""
    last = threading.Thread(target=provider.shutdown, name="traces", daemon=True)
    last.start()
    last.join(SHUTDOWN_TIMEOUT_S)


def read_headers(headers: SecretStr | None) -> dict[str, str]:
    """Parse headers in the format of the environment variable: `name=value,name=value`, URL-encoded."""
    return dict(parse_env_headers(headers.get_secret_value(), liberal=True)) if headers else {}


class _LogTransitionsExporter(SpanExporter):
    """Logs once when exporting begins to fail, and once when it succeeds again."""

    def __init__(self, exporter: SpanExporter, url: str) -> None:
        self._exporter = exporter
        self._host = urlsplit(url).hostname
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        failing = result is not SpanExportResult.SUCCESS
        if failing and not self._failing:
            _log.warning("collector_unavailable", collector=self._host, action="drop traces")
        elif self._failing and not failing:
            _log.info("collector_available", collector=self._host)
        self._failing = failing
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
