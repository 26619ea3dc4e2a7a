"""A worker with a lesser engine leaves jobs to a better one, until the bot is overloaded or alone."""

from __future__ import annotations

import time

import pytest

from tasks.heartbeat import Process
from tasks.models import OverloadLevel, Stage
from tasks.services import Services
from tasks.worker.availability import STANDS_BY, STATE, engines_at_work, must_stand_by
from tasks.worker.celery_app import make_app, make_wake
from tests.stack import Stack, eventually
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

ORDER = ("diffusion", "painter")
NORMAL, BROWNOUT, REFUSE = OverloadLevel


@pytest.mark.parametrize(
    ("engine", "order", "living", "level", "stands_by"),
    [
        ("painter", ORDER, {"diffusion", "painter"}, NORMAL, True),
        ("painter", ORDER, {"diffusion", "painter"}, BROWNOUT, False),
        ("painter", ORDER, {"diffusion", "painter"}, REFUSE, False),
        ("painter", ORDER, {"painter"}, NORMAL, False),
        ("diffusion", ORDER, {"diffusion", "painter"}, NORMAL, False),
        ("diffusion", ("painter", "diffusion"), {"painter"}, NORMAL, True),
        ("painter", ("diffusion",), {"painter"}, BROWNOUT, True),
    ],
)
def test_a_worker_stands_by_while_a_better_one_lives_and_nobody_waits_long(
    engine: str, order: tuple[str, ...], living: set[str], level: OverloadLevel, stands_by: bool
) -> None:
    assert must_stand_by(engine, order, living, level) is stands_by


def test_only_painting_workers_that_could_take_jobs_count() -> None:
    def gpu(name: str, **facts: str) -> Process:
        return Process("gpu", name, 0.0, facts)

    found = engines_at_work(
        [
            Process("io", "a:1", 0.0, {}),
            gpu("a:2", engine="painter/0.1", **{STATE: STANDS_BY}),
            gpu("a:3", engine="diffusion/model-0.1"),
            gpu("a:4", engine="other/1", **{STATE: "drained"}),
        ]
    )

    assert found == {"painter", "diffusion"}


def test_the_painter_paints_only_in_a_surge_or_where_the_gpu_is_gone(
    driver: LedgerDriver, services: Services, stack: Stack, make_request: MakeRequest
) -> None:
    better = Process("gpu", "elsewhere:1", time.time(), {"engine": "diffusion/model-1"})
    services.heartbeats.announce(better, stale_s=600)
    stack.environment["SUISAI_ENGINE"] = "painter"
    stack.start("gpu", "worker", "gpu")

    app = make_app(services.settings)
    queue = f"{services.settings.namespace}:celery:render"

    def stands_by() -> bool:
        return any(process.facts.get(STATE) == STANDS_BY for process in services.heartbeats.alive())

    def set_level(level: str) -> None:
        services.redis.set(f"{services.settings.namespace}:overload_level", level)

    def is_claimed() -> bool:
        # Its photo was never stored, so that the worker sends it back to be fetched again.
        return services.ledger.job(job).stage is Stage.FETCH

    eventually(stands_by, what="the painter stands by")
    job = driver.admit(make_request())
    driver.fetch()
    make_wake(app)(Stage.RENDER)
    (node,) = eventually(lambda: app.control.ping(timeout=1.0), what="the worker answers a ping")
    assert services.redis.llen(queue) == 1, f"{node} left the wake-up for others"
    assert services.ledger.job(job).stage is Stage.RENDER

    set_level("brownout")
    eventually(is_claimed, what="the painter helps in a surge")

    set_level("normal")
    twice = "worker_stands_by"
    eventually(lambda: stack.log("gpu").count(twice) == 2, what="the painter stands by again")
    driver.fetch()
    services.heartbeats.leave(better)
    eventually(is_claimed, what="the painter is alone")
    app.close()
