"""What a painting worker does when something other than the photo is in the way."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from pipeline.engines import load_engine
from pipeline.safety import Screen, Unscreened
from tasks.engines import open_styles
from tasks.models import Stage
from tasks.platform import Platforms
from tasks.worker.context import RenderContext, WorkerContext
from tasks.worker.leases import LeaseRenewer
from tasks.worker.render import render
from tasks.worker.throughput import ThroughputMeter
from tests.tasks.hands import Hands, MakeAsk


@pytest.fixture
def shift(hands: Hands) -> RenderContext:
    """The painter at work, called by hand."""
    services = hands.services
    worker = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=Screen([Unscreened()]),
        leases=LeaseRenewer(services.ledger, services.settings.lease_s),
        throughput=ThroughputMeter(services.controls, (Stage.RENDER,), "painter", 1),
    )
    return RenderContext(worker, load_engine("painter"))


def test_a_store_that_gives_no_photo_costs_no_attempt(
    hands: Hands, shift: RenderContext, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    refused = "x" * 300  # a name too long for any file system
    hands.ledger.transitions.fetched(hands.take(Stage.FETCH), [refused], "square")

    with capture_logs() as logs:
        render(shift, [hands.take(Stage.RENDER)])

    job = hands.job(job_id)
    assert (job.stage, job.attempts) == (Stage.RENDER, 0)
    assert job.history[-1].detail == "storage-failed"
    assert [log["log_level"] for log in logs] == ["error"]
