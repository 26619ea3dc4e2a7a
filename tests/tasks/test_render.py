"""What a painting worker does when something other than the photo is in the way."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from pipeline.engines import load_engine
from pipeline.safety import Screen, Unscreened
from tasks.contract import Stage
from tasks.leases import Keeper
from tasks.pace import Pace
from tasks.platforms import Platforms
from tasks.render import render
from tasks.shift import RenderShift
from tasks.studio import open_styles
from tests.tasks.hands import Hands, MakeAsk


@pytest.fixture
def shift(hands: Hands) -> RenderShift:
    """The painter at work, called by hand."""
    services = hands.services
    return RenderShift(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=Screen([Unscreened()]),
        keeper=Keeper(services.ledger, services.settings.lease_s),
        pace=Pace(services.switches, (Stage.RENDER,), "painter", 1),
        engine=load_engine("painter"),
    )


def test_a_store_that_gives_no_photo_costs_no_attempt(
    hands: Hands, shift: RenderShift, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask())
    refused = "x" * 300  # a name too long for any file system
    hands.ledger.fetched(hands.take(Stage.FETCH), [refused], "square")

    with capture_logs() as logs:
        render(shift, [hands.take(Stage.RENDER)])

    job = hands.job(job_id)
    assert (job.stage, job.attempts) == (Stage.RENDER, 0)
    assert job.story[-1].detail == "storage-failed"
    assert [log["log_level"] for log in logs] == ["error"]
