"""A local OpenTelemetry collector that accepts traces (OTLP over HTTP), refuses them, or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

Behaviour = Literal["accepts", "refuses", "hangs"]


@dataclass(frozen=True)
class ReceivedSpan:
    """One span as it was sent."""

    trace: str
    id: str
    parent: str
    name: str
    process: str
    """Host and process id of its sender."""
    began_ns: int
    ended_ns: int
    attributes: dict[str, str | int | float | bool]
    events: list[str]
    links: list[tuple[str, str]]
    """Traces and spans that it is linked to."""
    failed: bool


class OtlpCollector(ThreadingHTTPServer):
    """Stores the spans that it receives."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _CollectorHandler)
        self.behaviour: Behaviour = "accepts"
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.received = threading.Event()
        """Set when a request arrives, also if it is refused."""
        self.released = threading.Event()
        """Set to let hanging requests continue."""

    @property
    def url(self) -> str:
        """The address for OTEL_EXPORTER_OTLP_ENDPOINT."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self, name: str | None = None) -> list[ReceivedSpan]:
        """Return the accepted spans, optionally those with a name, by start time."""
        spans = [span for body in list(self.bodies) for span in _read(body)]
        named = [span for span in spans if name in (None, span.name)]
        return sorted(named, key=lambda span: span.began_ns)

    def has_received(self, *names: str) -> bool:
        """Return whether a span with each of these names was accepted."""
        return set(names) <= {span.name for span in self.spans()}


@contextmanager
def serving() -> Iterator[OtlpCollector]:
    """Run a collector while the block runs."""
    server = OtlpCollector()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _CollectorHandler(BaseHTTPRequestHandler):
    server: OtlpCollector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.set()
        if self.server.behaviour == "hangs":
            self.server.released.wait()
        taken = self.server.behaviour == "accepts" and self.path == "/v1/traces"
        if taken:
            self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
            self.server.bodies.append(body)
        self.send_response(200 if taken else 400)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _read(body: bytes) -> Iterator[ReceivedSpan]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        process = _attributes(resource.resource.attributes)["service.instance.id"]
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield _received_span(span, str(process))


def _received_span(span: Span, process: str) -> ReceivedSpan:
    return ReceivedSpan(
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        name=span.name,
        process=process,
        began_ns=span.start_time_unix_nano,
        ended_ns=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        events=[event.name for event in span.events],
        links=[(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        failed=span.status.code == Status.STATUS_CODE_ERROR,
    )


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, str | int | float | bool]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "") for each in attributes
    }
