"""Own words all the way: a caption of each platform, its job, a painting by a model, its provenance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions, parse
from pipeline.raw_pixels import pack
from pipeline.safety import Screen, Unscreened
from pipeline.styles import load_styles
from tasks.models import PaintRequest, PhotoRef, Stage
from tasks.platform import Platforms
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.worker.leases import LeaseRenewer
from tasks.worker.loop import RenderContext, ThroughputMeter, WorkerContext
from tasks.worker.render import WORDS_UNUSED, render
from tests.tasks.ledger_driver import LedgerDriver

pytest.importorskip("torch", reason="needs the extra `gpu`")

CAPTION = "make it a summer festival, keep the dog #watercolor 80%"


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services in which everybody may use own words."""
    worded = settings.model_copy(update={"own_words": ("everybody",)})
    opened = open_services(worded, lambda _: None)
    yield opened
    opened.redis.close()


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return klein with tiny random weights, which takes own words."""
    import torch

    from pipeline.engines.diffusion import DiffusionEngine, Options
    from tests.pipeline.engines.diffusion.conftest import tiny_model
    from tests.pipeline.engines.diffusion.tiny import make_klein

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("klein")
    make_klein(folder / "klein")
    options = Options(folder, folder / "cache", device="cpu", compiled=False, own_words=True)
    styles = [load_styles()["watercolor"]]
    return DiffusionEngine(tiny_model("flux2-klein", text_tokens=512), styles, options)


@pytest.mark.parametrize("platform", ["web", "telegram", "x"])
def test_a_caption_becomes_a_painting_that_names_its_model(
    platform: str, services: Services, engine: Any
) -> None:
    driver = LedgerDriver(services)
    plain = _paint(driver, engine, platform, "#watercolor 80%")
    worded = _paint(driver, engine, platform, CAPTION)

    assert worded != plain, "the words change the picture"
    for picture in (plain, worded):
        assert f"diffusion {engine.version}".encode() in picture
        assert b"compositeWithTrainedAlgorithmicMedia" in picture


def _paint(driver: LedgerDriver, engine: Any, platform: str, caption: str) -> bytes:
    services = driver.services
    options = parse(caption, PaintOptions(), load_styles())
    request = PaintRequest(
        platform, caption, "ann", "here", (PhotoRef("photo"),), options.style, options.strength, 1
    )
    allowed = checked(services, replace(request, words=options.words))
    assert isinstance(allowed, PaintRequest)
    job_id = driver.admit(allowed)
    claim = driver.take(Stage.FETCH)
    services.blobs.put("photos/1", pack(np.full((48, 64, 3), 128, np.uint8)))
    services.ledger.transitions.fetched(claim, ["photos/1"], "4:3")
    worker = WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=load_styles(),
        screen=Screen([Unscreened()]),
        leases=LeaseRenewer(services.ledger, services.settings.lease_s),
        throughput=ThroughputMeter(services.controls, (Stage.RENDER,), "gpu", 1),
    )

    render(RenderContext(worker, engine), [driver.take(Stage.RENDER)])

    job = driver.job(job_id)
    assert job.stage is Stage.DELIVER
    assert WORDS_UNUSED not in job.notes
    painted = next(event for event in job.history if event.event == "painted")
    assert painted.detail == f"diffusion/{engine.version}"
    picture = services.blobs.get(job.pictures[0])
    driver.deliver()
    return picture
