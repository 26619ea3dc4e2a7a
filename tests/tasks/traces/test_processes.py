"""A job has one trace through all processes, which contains nothing about its person."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import cast

import pytest

from tasks.models import Admitted, Outcome, PaintRequest, PhotoRef
from tasks.services import Services
from tests.fakes.otlp_collector import Behaviour, OtlpCollector
from tests.stack import Stack, eventually
from tests.tasks.admission import ended, send

MakeRequest = Callable[..., PaintRequest]
WHOLE = ("admit", "fetch", "render", "deliver")


@pytest.fixture
def photo_ask(make_request: MakeRequest) -> PaintRequest:
    """A request full of text that must not be in a trace."""
    return make_request(
        person="private-person",
        conversation="private-room",
        event="private-event",
        photos=(PhotoRef("uploads/private-ref/1", owner="private-owner"),),
        style="film",
        address={"chat": "private-chat"},
    )


def test_a_job_is_one_trace_through_all_processes(
    services: Services, stack: Stack, collector: OtlpCollector, photo_ask: PaintRequest
) -> None:
    stack.start_workers()

    job_id = send(services, photo_ask)
    eventually(lambda: collector.has_received(*WHOLE))

    spans = {span.name: span for span in collector.spans()}
    root = spans["admit"]
    assert sorted(span.name for span in collector.spans()) == sorted(WHOLE)
    assert {span.trace for span in spans.values()} == {services.ledger.job(job_id).trace_id}
    assert root.parent == ""
    assert {span.parent for name, span in spans.items() if name != "admit"} == {root.id}
    intake, io, gpu = (spans[name].process for name in ("admit", "fetch", "render"))
    assert len({intake, io, gpu}) == 3
    assert spans["deliver"].process == io
    assert spans["deliver"].attributes["suisai.outcome"] == "answered"
    order = [spans[name] for name in WHOLE]
    assert order == sorted(order, key=lambda span: span.began_ns)


def test_a_trace_contains_nothing_about_its_person(
    services: Services, stack: Stack, collector: OtlpCollector, photo_ask: PaintRequest
) -> None:
    stack.start_workers()

    send(services, photo_ask)
    eventually(lambda: collector.has_received(*WHOLE))

    assert b"suisai.platform" in b"".join(collector.bodies)
    assert b"private" not in b"".join(collector.bodies)


def test_log_lines_name_the_trace_of_their_job(
    services: Services, stack: Stack, make_request: MakeRequest
) -> None:
    # This platform is not installed, so that the worker logs an error.
    stack.start("io", "worker", "io")
    admitted = services.ledger.admit(make_request(platform="nowhere"))
    assert isinstance(admitted, Admitted)

    def complaint() -> dict[str, str] | None:
        lines = [json.loads(line) for line in stack.log("io").splitlines() if line.startswith("{")]
        return next((line for line in lines if "job" in line), None)

    assert eventually(complaint)["trace_id"] == services.ledger.job(admitted.job_id).trace_id


def test_remaining_spans_are_sent_when_a_process_ends(
    services: Services, stack: Stack, collector: OtlpCollector, photo_ask: PaintRequest
) -> None:
    stack.environment["OTEL_BSP_SCHEDULE_DELAY"] = "3600000"
    stack.start_workers()
    eventually(ended(services, send(services, photo_ask)))
    assert not collector.has_received("fetch")

    for name in ("io", "gpu"):
        stack.kill(name, signal.SIGTERM)

    assert collector.has_received("fetch", "render", "deliver")


@pytest.mark.parametrize("behaviour", ["refuses", "hangs"])
def test_a_failing_collector_delays_no_job(
    services: Services,
    stack: Stack,
    collector: OtlpCollector,
    photo_ask: PaintRequest,
    behaviour: str,
) -> None:
    collector.behaviour = cast("Behaviour", behaviour)
    stack.start_workers()

    job_id = send(services, photo_ask)

    assert eventually(ended(services, job_id)).outcome is Outcome.ANSWERED
    assert collector.received.wait(timeout=30)
    assert collector.spans() == []
