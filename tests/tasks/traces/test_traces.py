"""The spans of attempts, batches and completed jobs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from tasks.models import Claim, Outcome, PaintRequest, Stage
from tasks.services import Services
from tests.fakes.otlp_collector import OtlpCollector
from tests.stack import Stack
from tests.tasks.ledger_driver import LedgerDriver

MakeRequest = Callable[..., PaintRequest]


def test_the_jobs_of_a_batch_are_linked(
    services: Services, collector: OtlpCollector, driver: LedgerDriver, make_request: MakeRequest
) -> None:
    ids = {driver.admit(make_request(person=person)) for person in ("ann", "bob", "cem")}
    for _ in ids:
        driver.fetch()
    claims = driver.claim(Stage.RENDER, most=3)
    with services.tracing.stage(claims):
        for claim in claims:
            services.ledger.transitions.painted(claim, [f"pictures/{claim.job.id}.jpg"])
    services.tracing.close()

    painted = {span.trace: span for span in collector.spans("render")}
    assert set(painted) == {driver.job(job_id).trace_id for job_id in ids}
    for trace, span in painted.items():
        assert set(span.links) == {
            (other, painted[other].id) for other in painted if other != trace
        }
        assert span.attributes["suisai.batch_size"] == 3
        assert span.attributes["suisai.outcome"] == "painted"


def test_a_failed_attempt_is_an_error_and_the_next_one_is_counted(
    services: Services, collector: OtlpCollector, driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    for _ in range(2):
        claim = driver.take(Stage.FETCH)
        with services.tracing.stage([claim]):
            services.ledger.transitions.fail(claim, "fetch-failed", most=3)
        driver.skip_pauses()
    services.tracing.close()

    first, second = collector.spans("fetch")
    assert first.failed
    assert first.attributes["suisai.reason"] == "fetch-failed"
    assert [span.attributes["suisai.attempt"] for span in (first, second)] == [1, 2]
    assert first.id != second.id


def test_work_under_a_lost_lease_has_that_outcome(
    services: Services, collector: OtlpCollector, driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    with services.tracing.stage([claim]):
        driver.expire(claim)
        with services.ledger.batch() as batch:
            batch.release(claim, "stopping")
    services.tracing.close()

    (fetch,) = collector.spans("fetch")
    assert fetch.attributes["suisai.outcome"] == "lease-lost"
    assert fetch.failed


@pytest.mark.parametrize("outcome", [Outcome.ANSWERED, Outcome.UNDELIVERABLE])
def test_the_last_span_contains_the_jobs_outcome(
    services: Services,
    collector: OtlpCollector,
    driver: LedgerDriver,
    make_request: MakeRequest,
    outcome: Outcome,
) -> None:
    driver.admit(make_request())
    driver.fetch()
    driver.paint()
    claim = driver.take(Stage.DELIVER)
    with services.tracing.stage([claim]):
        services.ledger.transitions.finish(claim, outcome, "blocked", "receipt")
    services.tracing.close()

    (admit,), (deliver,) = collector.spans("admit"), collector.spans("deliver")
    assert deliver.attributes["suisai.outcome"] == outcome
    assert deliver.failed == (outcome is Outcome.UNDELIVERABLE)
    assert (deliver.trace, deliver.parent) == (admit.trace, admit.id)


def test_a_refused_request_has_no_trace(
    services: Services, collector: OtlpCollector, driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(event="one"))
    driver.admit(make_request(event="one"))
    services.users.ban("web", "eve")
    driver.refuse(make_request(person="eve"))
    services.tracing.close()

    assert len(collector.spans("admit")) == 1


_LOOK = """
import sys
{before}
from bots.commands.common import open_process
services = open_process()
{after}
"""


def loaded(stack: Stack, before: str, after: str) -> subprocess.CompletedProcess[str]:
    script = _LOOK.format(before=before, after=after)
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=stack.environment,
        capture_output=True,
        text=True,
        check=True,
    )


def test_a_process_without_a_collector_loads_no_sdk(stack: Stack) -> None:
    del stack.environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
    # redis-py looks for OpenTelemetry's metrics by itself.
    ours = "('tasks.telemetry.otlp', 'opentelemetry.exporter', 'opentelemetry.sdk.trace.export')"

    done = loaded(stack, "", f"print([name for name in {ours} if name in sys.modules])")

    assert done.stdout == "[]\n"
    assert done.stderr == ""


def test_without_the_extra_the_bot_works_and_logs_what_is_missing(stack: Stack) -> None:
    hidden = "sys.modules['opentelemetry.exporter'] = None"

    done = loaded(stack, hidden, "print(services.ledger.now() > 0)")

    assert done.stdout == "True\n"
    assert "traces_not_sent" in done.stderr


@pytest.mark.parametrize("words", ["a person wrote this", "née", "", "x" * 81])
def test_no_text_enters_a_trace(
    services: Services,
    collector: OtlpCollector,
    driver: LedgerDriver,
    make_request: MakeRequest,
    words: str,
) -> None:
    driver.admit(make_request(style=words, platform=words or "web"))
    claim: Claim = driver.take(Stage.FETCH)
    with services.tracing.stage([claim]):
        services.ledger.transitions.decline(claim, words, {}, refund=True)
    services.tracing.close()

    assert not words or words.encode() not in b"".join(collector.bodies)
    assert collector.has_received("admit", "fetch")
