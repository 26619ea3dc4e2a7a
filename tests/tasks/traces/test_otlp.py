"""Spans are sent to the collector, and a failing collector does not affect the bot."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import structlog
from pydantic import SecretStr

from tasks.models import PaintRequest, Stage
from tasks.services import Services
from tasks.telemetry.otlp import open_provider, shut_down
from tests.fakes.otlp_collector import OtlpCollector
from tests.stack import eventually
from tests.tasks.ledger_driver import LedgerDriver
from tests.tasks.traces.conftest import OpenServices

MakeRequest = Callable[..., PaintRequest]


def send_one(url: str, headers: SecretStr | None = None) -> None:
    """Send one span and shut down, like a process that ends."""
    provider = open_provider(url, headers)
    provider.get_tracer("suisai").start_span("admit").end()
    shut_down(provider)


@pytest.mark.timeout(20)  # less than OpenTelemetry itself would wait
def test_the_end_of_a_process_does_not_wait_for_a_collector_that_hangs(
    collector: OtlpCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "600")
    collector.behaviour = "hangs"
    send_one(f"{collector.url}/v1/traces")

    assert collector.received.wait(timeout=10)
    assert collector.spans() == []


def test_an_unavailable_collector_and_its_return_are_logged_once(
    services: Services, collector: OtlpCollector, driver: LedgerDriver, make_request: MakeRequest
) -> None:
    collector.behaviour = "refuses"
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            collector.received.clear()
            driver.admit(make_request())
            assert collector.received.wait(timeout=30)
        collector.behaviour = "accepts"
        driver.admit(make_request())
        eventually(lambda: collector.has_received("admit"))
        services.tracing.close()

    assert [line["event"] for line in lines] == [
        "collector_unavailable",
        "collector_available",
    ]


def test_the_configured_headers_are_sent_to_the_collector(collector: OtlpCollector) -> None:
    send_one(f"{collector.url}/v1/traces", SecretStr("api-key=planted,tenant=two%20words"))

    (headers,) = collector.headers
    assert (headers["api-key"], headers["tenant"]) == ("planted", "two words")


def test_the_operator_can_set_the_service_name(
    collector: OtlpCollector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "studio")
    send_one(f"{collector.url}/v1/traces")

    assert b"studio" in collector.bodies[0]
    assert b"suisai" in collector.bodies[0], "the scope keeps its name"


def test_a_share_of_the_jobs_is_the_same_share_in_every_process(
    open_process_services: OpenServices,
    collector: OtlpCollector,
    monkeypatch: pytest.MonkeyPatch,
    make_request: MakeRequest,
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    intake, worker = open_process_services(), open_process_services()
    ids = [
        LedgerDriver(intake).admit(make_request(event=f"event-{n}", person=f"p{n}"))
        for n in range(20)
    ]
    for _ in ids:
        (claim,) = worker.ledger.claim(Stage.FETCH, 1, "worker")
        with worker.tracing.stage([claim]):
            worker.ledger.transitions.fetched(claim, ["photos/1"], "square")
    intake.tracing.close()
    worker.tracing.close()

    kept = {span.trace for span in collector.spans("admit")}
    assert 0 < len(kept) < len(ids)
    assert {span.trace for span in collector.spans("fetch")} == kept


_FORK = """
import os, sys
from tasks.telemetry.otlp import open_provider, shut_down

provider = open_provider(sys.argv[1])
tracer = provider.get_tracer("suisai")
tracer.start_span("before").end()
child = os.fork()
tracer.start_span("parent" if child else "child").end()
if child:
    os.waitpid(child, 0)
shut_down(provider)
"""


def test_a_process_that_forks_sends_from_both_sides(collector: OtlpCollector) -> None:
    # Apart from the tests' own threads, which do not survive a fork.
    subprocess.run([sys.executable, "-c", _FORK, f"{collector.url}/v1/traces"], check=True)

    assert sorted(span.name for span in collector.spans()) == ["before", "child", "parent"]
