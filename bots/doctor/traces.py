"""Checks whether traces can be sent and the collector accepts them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from bots.findings import Finding, passed, warning
from tasks.settings import Settings
from tasks.telemetry.tracing import can_be_sent

_PATIENCE_S = 3.0
_NOTHING = b""
"""An OTLP message without spans."""


def check_traces(settings: Settings) -> Iterator[Finding]:
    """Send the collector, if one is configured, an empty message."""
    if settings.traces_url is None:
        return
    if not can_be_sent():
        yield warning(
            "traces",
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but the extra 'traces' is not installed",
            "python -m pip install 'suisai[traces]'",
        )
        return
    trouble = _trouble(settings.traces_url, settings.otlp_headers)
    if trouble:
        yield warning(
            "traces",
            f"the collector {trouble}; the bot works without it",
            "start it, or correct OTEL_EXPORTER_OTLP_ENDPOINT (OTLP over HTTP, port 4318)",
        )
    else:
        yield passed("traces", f"{urlsplit(settings.traces_url).hostname} takes them")


def _trouble(url: str, headers: SecretStr | None) -> str:
    from tasks.telemetry.otlp import read_headers

    kind = {"content-type": "application/x-protobuf"}
    try:
        answer = httpx.post(
            url, content=_NOTHING, headers=kind | read_headers(headers), timeout=_PATIENCE_S
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"does not answer ({type(error).__name__})"
    return "" if answer.is_success else f"says {answer.status_code}"
