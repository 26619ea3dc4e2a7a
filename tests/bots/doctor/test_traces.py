"""The doctor checks whether the collector accepts traces."""

from __future__ import annotations

import sys

import pytest
from pydantic import SecretStr, ValidationError

from bots.doctor.traces import check_traces
from bots.findings import Finding, Severity
from tasks.settings import Settings
from tasks.telemetry.tracing import EXTRA
from tests.fakes.otlp_collector import serving


def look(endpoint: str | None, headers: str = "api-key=planted") -> list[Finding]:
    settings = Settings(otlp_endpoint=endpoint, otlp_headers=SecretStr(headers))
    return list(check_traces(settings))


def test_without_an_endpoint_traces_are_not_checked() -> None:
    assert look(None) == []


def test_a_collector_that_accepts_spans_passes() -> None:
    with serving() as collector:
        (finding,) = look(collector.url)

        assert finding.severity is Severity.OK
        assert collector.headers[0]["api-key"] == "planted"
        assert collector.spans() == []


def test_a_collector_that_refuses_is_named() -> None:
    with serving() as collector:
        collector.behaviour = "refuses"
        (finding,) = look(collector.url)

    assert finding.severity is Severity.WARNING
    assert "says 400" in finding.message


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1", "http://collector.invalid:4318"])
def test_an_address_where_nobody_answers_is_named(endpoint: str) -> None:
    (finding,) = look(endpoint)

    assert finding.severity is Severity.WARNING
    assert "does not answer" in finding.message
    assert "OTEL_EXPORTER_OTLP_ENDPOINT" in finding.fix


@pytest.mark.parametrize("endpoint", ["collector:4317", "http://[", "nothing"])
def test_what_is_no_address_is_refused_with_the_settings(endpoint: str) -> None:
    with pytest.raises(ValidationError, match="must be an address like https://host"):
        look(endpoint)


def test_the_missing_extra_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    # What an interpreter without the package sees.
    monkeypatch.setitem(sys.modules, EXTRA, None)

    (finding,) = look("http://127.0.0.1:4318")

    assert finding.severity is Severity.WARNING
    assert finding.fix == "python -m pip install 'suisai[traces]'"
