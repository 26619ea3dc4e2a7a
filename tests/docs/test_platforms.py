"""The example in docs/platforms.md works: it is found by its entry point, listens, fetches and answers."""

from __future__ import annotations

import re
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bots.plugins import adapter
from pipeline.engines import load_engine
from pipeline.safety import Screen, Unscreened
from tasks.engines import open_styles
from tasks.models import Claim, Outcome, PaintRequest, Stage
from tasks.platform import Platforms
from tasks.services import Services
from tasks.worker.deliver import deliver
from tasks.worker.fetch import fetch
from tasks.worker.leases import LeaseRenewer
from tasks.worker.loop import RenderContext, ThroughputMeter, WorkerContext
from tasks.worker.render import render
from tests.docs.commands import ROOT
from tests.photos import PHOTOS
from tests.stack import eventually
from tests.tasks.ledger_driver import LedgerDriver

PAGE = (ROOT / "docs" / "platforms.md").read_text("utf-8")


def block(language: str) -> str:
    """Return the page's only code block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The platform's inbox folder; its package is installed like pip does."""
    site, watched = tmp_path / "site", tmp_path / "watched"
    info = site / "suisai_folder-1.0.dist-info"
    info.mkdir(parents=True)
    (watched / "inbox" / "ann").mkdir(parents=True)
    (site / "suisai_folder.py").write_text(block("python"))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: suisai-folder\nVersion: 1.0\n")
    groups = tomllib.loads(block("toml"))["project"]["entry-points"]
    lines = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in points.items())
        for group, points in groups.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(site)
    monkeypatch.setenv("SUISAI_FOLDER", str(watched))
    yield watched
    sys.modules.pop("suisai_folder", None)


@pytest.fixture
def worker(services: Services) -> WorkerContext:
    """A worker of all three stages."""
    return WorkerContext(
        services=services,
        platforms=Platforms(services),
        styles=open_styles(),
        screen=Screen([Unscreened()]),
        leases=LeaseRenewer(services.ledger, services.settings.lease_s),
        throughput=ThroughputMeter(services.controls, list(Stage), "worker", 1),
    )


@pytest.fixture
def listening(folder: Path, services: Services) -> Iterator[None]:
    """The listener, in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=adapter("folder").run, args=(services, stop))
    thread.start()
    yield
    stop.set()
    thread.join()


def put(folder: Path, name: str, content: bytes) -> None:
    part = folder / "part"
    part.write_bytes(content)
    part.rename(folder / "inbox" / "ann" / name)


def take(services: Services, stage: Stage) -> Claim:
    (claim,) = eventually(lambda: services.ledger.claim(stage, 1, "worker"), 10, str(stage))
    return claim


def test_it_is_less_than_150_lines() -> None:
    assert len(block("python").splitlines()) < 150


@pytest.mark.usefixtures("listening")
def test_a_photo_in_the_inbox_becomes_a_painting_in_the_outbox(
    folder: Path, services: Services, worker: WorkerContext
) -> None:
    put(folder, "cat.jpg", PHOTOS["cat"].read_bytes())

    fetch(worker, [take(services, Stage.FETCH)])
    render(RenderContext(worker, load_engine("painter")), [take(services, Stage.RENDER)])
    deliver(worker, [take(services, Stage.DELIVER)])

    assert (folder / "outbox" / "ann" / "cat.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert list((folder / "inbox" / "ann").iterdir()) == []


@pytest.mark.usefixtures("listening")
def test_a_file_that_is_not_a_photo_gets_an_apology(
    folder: Path, services: Services, worker: WorkerContext
) -> None:
    put(folder, "cat.jpg", b"meow")

    fetch(worker, [take(services, Stage.FETCH)])
    deliver(worker, [take(services, Stage.DELIVER)])

    assert "photo" in (folder / "outbox" / "ann" / "cat.jpg.txt").read_text()


@pytest.mark.usefixtures("listening")
def test_a_refusal_is_written_down(folder: Path, services: Services) -> None:
    services.users.ban("folder", "ann")
    put(folder, "cat.jpg", b"photo")

    eventually((folder / "outbox" / "ann" / "cat.jpg.txt").exists)
    assert list((folder / "inbox" / "ann").iterdir()) == []


def test_an_answer_of_unknown_outcome_is_found_and_not_sent_again(
    folder: Path,
    services: Services,
    worker: WorkerContext,
    make_request: Callable[..., PaintRequest],
) -> None:
    driver = LedgerDriver(services)
    job_id = driver.admit(make_request(platform="folder"))
    driver.fetch()
    driver.paint()
    platform, dead = worker.platforms["folder"], driver.take(Stage.DELIVER)
    services.ledger.record_send_intent(dead)
    sent = folder / "outbox" / dead.job.request.photos[0].ref
    sent.parent.mkdir()
    sent.write_bytes(b"sent before the worker died")
    driver.expire(dead)
    driver.skip_pauses()

    deliver(worker, [driver.take(Stage.DELIVER)])

    assert driver.job(job_id).outcome is Outcome.ANSWERED
    assert sent.read_bytes() == b"sent before the worker died"
    platform.retract(driver.job(job_id).receipt)
    assert not sent.exists()
