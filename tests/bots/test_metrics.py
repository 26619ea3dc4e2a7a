"""The metrics agree with what happened in the ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bots.metrics import FleetCollector
from tasks.controls import WorkDone
from tasks.models import Outcome, PaintRequest, RateLimit, Stage
from tasks.routing import PaintingWorker
from tasks.services import Services
from tests.tasks.ledger_driver import LedgerDriver


def scrape(services: Services) -> dict[tuple[str, frozenset[str]], float]:
    """Read all samples by name and label values, as Prometheus does."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(services))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, frozenset(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def value(services: Services, name: str, *labels: str) -> float:
    return scrape(services)[name, frozenset(labels)]


def test_asks_and_refusals_are_counted_by_platform_and_reason(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    services.ledger.admit(make_request())
    services.users.ban("web", "bob")
    services.ledger.admit(make_request(person="bob"))

    assert value(services, "suisai_requests_admitted_total", "web") == 1
    assert value(services, "suisai_requests_refused_total", "web", "banned") == 1
    assert value(services, "suisai_jobs_waiting", "fetch", "web") == 1


def test_waits_add_up_to_a_histogram(services: Services) -> None:
    counts: dict[Any, Any] = {
        "waited-s:1": 3,
        "waited-s:30": 2,
        "waited-s:more": 1,
        "waited-ms": 9_000_000,
    }
    services.redis.hset(f"{services.settings.namespace}:counts", mapping=counts)

    samples = scrape(services)

    buckets = [
        samples["suisai_wait_seconds_bucket", frozenset([b])] for b in ("1.0", "30.0", "+Inf")
    ]
    assert buckets == [3, 5, 6]
    assert samples["suisai_wait_seconds_count", frozenset()] == 6
    assert samples["suisai_wait_seconds_sum", frozenset()] == 9000


def test_batches_and_seconds_per_picture_can_be_read_off(services: Services) -> None:
    work = WorkDone(jobs=12, calls=3, busy_s=6.0)
    services.controls.report(Stage.RENDER, "gpu-1:7", 2.0, 0.5, done=work)

    jobs, calls, busy_s = (
        value(services, f"suisai_stage_{what}_total", "render")
        for what in ("jobs", "calls", "busy_seconds")
    )
    assert (jobs / calls, busy_s / jobs) == (4.0, 0.5)
    assert value(services, "suisai_worker_jobs_per_second", "render", "gpu-1:7") == 2.0


def test_pauses_the_overload_level_and_quotas_are_reported(services: Services) -> None:
    services.controls.pause("render")
    services.controls.pause("deliver", "x")
    services.controls.announce_quota("x", RateLimit(100, 900.0))

    assert value(services, "suisai_paused", "render", "") == 1
    assert value(services, "suisai_paused", "deliver", "x") == 1
    assert value(services, "suisai_overload_level", "normal") == 1
    assert value(services, "suisai_platform_answers_per_second", "x") == pytest.approx(1 / 9)


def test_an_ended_job_is_counted_by_outcome(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    services.ledger.admit(make_request())
    (claim,) = services.ledger.claim(Stage.FETCH, 1, "w")
    services.ledger.transitions.decline(claim, "photo-gone", {}, refund=True)
    (claim,) = services.ledger.claim(Stage.DELIVER, 1, "w")
    services.ledger.transitions.finish(claim, Outcome.APOLOGISED, "photo-gone")

    assert value(services, "suisai_jobs_ended_total", "web", "apologised") == 1


def test_money_spent_on_x_is_seen_where_x_is_set_up(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not [name for name, _ in scrape(services) if "dollars" in name]

    monkeypatch.setenv("SUISAI_X_CLIENT_ID", "client")

    assert value(services, "suisai_x_spent_dollars", "day") == 0
    assert value(services, "suisai_x_budget_dollars", "day") == 10


def test_jobs_and_workers_are_counted_by_model(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    driver = LedgerDriver(services)
    services.routing.announce("far:1:aa", PaintingWorker("diffusion", "fast", "diffusion/fast"))
    driver.admit(make_request())
    claim = driver.take(Stage.FETCH)
    services.ledger.transitions.fetched(claim, ["photos/1"], "3:2", model="new")
    claim = driver.take(Stage.RENDER, "far:1:aa")
    services.ledger.transitions.painted(claim, ["pictures/1"], "diffusion/fast", model="fast")

    assert value(services, "suisai_model_workers", "fast") == 1
    assert value(services, "suisai_model_workers", "new") == 0
    assert value(services, "suisai_model_jobs_total", "new", "routed") == 1
    assert value(services, "suisai_model_jobs_total", "new", "missed") == 1
    assert value(services, "suisai_model_jobs_total", "fast", "painted") == 1
