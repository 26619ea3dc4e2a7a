"""Real workers answer photos although they and their Valkey are killed."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator

import pytest

from tasks.models import Job, Outcome, PaintRequest, PhotoRef
from tasks.services import Services, open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import Stack, eventually
from tests.tasks.admission import ended, send

pytestmark = pytest.mark.process

MakeRequest = Callable[..., PaintRequest]


def events(job: Job) -> list[str]:
    return [entry.event for entry in job.history]


@pytest.fixture
def photo_ask(make_request: MakeRequest) -> PaintRequest:
    return make_request(photos=(PhotoRef("uploads/ann/1"),), seed=7)


def test_a_photo_is_answered_with_a_painting(
    services: Services, stack: Stack, photo_ask: PaintRequest
) -> None:
    stack.start_workers()

    job = eventually(ended(services, send(services, photo_ask)))

    assert job.outcome is Outcome.ANSWERED
    assert services.blobs.get(job.pictures[0]).startswith(b"\xff\xd8")
    found = [event for event in events(job) if event not in ("retry", "given-back")]
    assert found == [
        "admitted",
        "fetching",
        "fetched",
        "painting",
        "painted",
        "delivering",
        "answered",
    ]


def test_equal_photos_that_come_before_any_painter_are_painted_once(
    services: Services, stack: Stack, make_request: MakeRequest
) -> None:
    photos = (PhotoRef("uploads/viral"),)
    jobs = [send(services, make_request(person=f"fan{n}", photos=photos)) for n in range(4)]
    stack.start("io", "worker", "io")
    for job_id in jobs:
        eventually(lambda job_id=job_id: "fetched" in events(services.ledger.job(job_id)))  # type: ignore[misc] # a lambda's default

    stack.start("gpu", "worker", "gpu")
    stack.start("sweep", "sweep")

    histories = [events(eventually(ended(services, job_id))) for job_id in jobs]
    assert sum("painted" in history for history in histories) == 1
    assert sum("reused" in history for history in histories) == 3


def test_a_painter_killed_in_the_middle_is_replaced_and_the_picture_is_the_same(
    services: Services, stack: Stack, make_request: MakeRequest
) -> None:
    stack.start("io", "worker", "io")
    stack.start("sweep", "sweep")
    stack.start("gpu", "worker", "gpu")
    undisturbed = eventually(
        ended(services, send(services, make_request(photos=(PhotoRef("uploads/ann/1"),), seed=7)))
    )
    stop = threading.Event()
    updates = services.ledger.updates(stop)
    painting_seen: threading.Event = threading.Event()
    listener = threading.Thread(target=_await_painting, args=(updates, painting_seen, stop))
    listener.start()

    # Another person, privately: the finished picture of the first must not be reused.
    job_id = send(
        services,
        make_request(photos=(PhotoRef("uploads/bob/1"),), seed=7, person="bob", private=True),
    )
    assert painting_seen.wait(30)
    stack.kill("gpu")
    listener.join()
    stack.start("gpu", "worker", "gpu")

    job = eventually(ended(services, job_id), patience_s=60)
    assert job.outcome is Outcome.ANSWERED
    assert events(job).count("answered") == 1
    assert "retry" in events(job), "the worker was killed too late to test anything"
    pictures = [services.blobs.get(each.pictures[0]) for each in (undisturbed, job)]
    assert pictures[0] == pictures[1]


def _await_painting(
    updates: Iterator[object], painting_seen: threading.Event, stop: threading.Event
) -> None:
    for each in updates:
        if getattr(each, "event", "") == "painting":
            painting_seen.set()
            stop.set()


def test_valkey_killed_while_a_photo_is_painted_loses_nothing(
    settings: Settings,
    stack: Stack,
    photo_ask: PaintRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    pid = own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    stack.environment["SUISAI_REDIS_URL"] = own.url
    services = open_services(mine, lambda _: None)
    stack.start_workers()
    job_id = send(services, photo_ask)
    eventually(lambda: "fetched" in events(services.ledger.job(job_id)))

    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not own.is_alive())
    own.ensure()

    job = eventually(ended(services, job_id), patience_s=60)
    assert job.outcome is Outcome.ANSWERED
    assert events(job).count("answered") == 1
    services.redis.close()
    stack.stop()
    own.stop()
