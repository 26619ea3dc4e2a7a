"""The stage `render`: faults that the photo does not cause, and own words."""

from __future__ import annotations

import numpy as np
import pytest
from structlog.testing import capture_logs

from pipeline.engine import RGB, Photo
from pipeline.engines import load_engine
from pipeline.errors import PhotoRefused
from pipeline.raw_pixels import pack
from pipeline.safety import Screen, Unscreened
from tasks.engines import open_styles, paint_key
from tasks.models import Stage
from tasks.platform import Platforms
from tasks.worker.leases import LeaseRenewer
from tasks.worker.loop import RenderContext, ThroughputMeter, WorkerContext
from tasks.worker.render import WORDS_UNUSED, render
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


@pytest.fixture
def context(driver: LedgerDriver) -> RenderContext:
    """The context of a painting worker with the painter."""
    services = driver.services
    worker = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=Screen([Unscreened()]),
        leases=LeaseRenewer(services.ledger, services.settings.lease_s),
        throughput=ThroughputMeter(services.controls, (Stage.RENDER,), "painter", 1),
    )
    return RenderContext(worker, load_engine("painter"))


def test_a_failing_blob_store_counts_no_attempt(
    driver: LedgerDriver, context: RenderContext, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    refused = "x" * 300  # a name too long for any file system
    driver.ledger.transitions.fetched(driver.take(Stage.FETCH), [refused], "square")

    with capture_logs() as logs:
        render(context, [driver.take(Stage.RENDER)])

    job = driver.job(job_id)
    assert (job.stage, job.attempts) == (Stage.RENDER, 0)
    assert job.history[-1].detail == "storage-failed"
    assert [log["log_level"] for log in logs] == ["error"]


def test_a_painter_that_follows_no_words_says_so(
    driver: LedgerDriver, context: RenderContext, make_request: MakeRequest
) -> None:
    requests = {"plain": make_request(), "worded": make_request(words="at night")}
    photo = np.full((64, 64, 3), 128, np.uint8)
    jobs = {name: driver.admit(request) for name, request in requests.items()}
    for number in range(2):
        key = f"photos/{number}"
        driver.services.blobs.put(key, pack(photo))
        driver.ledger.transitions.fetched(
            driver.take(Stage.FETCH), [key], "square", "", ["first-frame"]
        )

    render(context, [driver.take(Stage.RENDER), driver.take(Stage.RENDER)])

    assert driver.job(jobs["plain"]).notes == ("first-frame",)
    assert driver.job(jobs["worded"]).notes == ("first-frame", WORDS_UNUSED)


def test_a_picture_with_own_words_is_screened_more_strictly() -> None:
    class Doubtful:
        name = "doubtful"

        def score(self, pixels: RGB) -> float:
            return 0.35

    screen, picture = Screen([Doubtful()]), np.zeros((64, 64, 3), np.uint8)

    screen.picture(picture, 0.0)
    with pytest.raises(PhotoRefused, match="unsafe-picture"):
        screen.picture(picture, 0.0, own_words=True)


def test_a_painting_with_own_words_is_never_reused(
    make_request: MakeRequest,
) -> None:
    photo = Photo(np.zeros((8, 8, 3), np.uint8), "ab")
    style = open_styles()["film"]

    assert paint_key(make_request(), style, [photo]) != ""
    assert paint_key(make_request(words="at night"), style, [photo]) == ""
