"""The statistics of the fleet equal what happened to the jobs."""

from __future__ import annotations

from collections.abc import Callable

from tasks.controls import WorkDone
from tasks.models import Admitted, Outcome, PaintRequest, RateLimit, Stage
from tasks.services import Services
from tasks.stats import FleetStats, read_stats


def gauges_after(services: Services, *steps: Callable[[], object]) -> FleetStats:
    for step in steps:
        step()
    return read_stats(services)


def paint_one(services: Services, event: PaintRequest) -> None:
    """Complete all stages of one request."""
    assert isinstance(services.ledger.admit(event), Admitted)
    (fetching,) = services.ledger.claim(Stage.FETCH, 1, "w")
    services.ledger.transitions.fetched(fetching, ["photos/1"], "square")
    (painting,) = services.ledger.claim(Stage.RENDER, 1, "w")
    services.ledger.transitions.painted(painting, ["pictures/1"])
    (delivering,) = services.ledger.claim(Stage.DELIVER, 1, "w")
    services.ledger.record_send_intent(delivering)
    services.ledger.transitions.finish(delivering, Outcome.ANSWERED, receipt="r")


def test_ready_and_leased_jobs_are_counted_by_stage(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    for person in ("ann", "bob", "eve"):
        services.ledger.admit(make_request(person=person))
    services.ledger.claim(Stage.FETCH, 1, "w")

    fetch = read_stats(services).stages[Stage.FETCH]
    assert (fetch.ready, fetch.waiting, fetch.leased) == ({"web": 2}, 2, 1)
    assert 0 <= fetch.oldest_s < 10


def test_an_answer_is_counted_once_with_its_wait(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    counts = gauges_after(services, lambda: paint_one(services, make_request())).counts

    assert counts["admitted:web"] == counts["painted"] == counts["ended:web:answered"] == 1
    assert sum(n for name, n in counts.items() if name.startswith("waited-s:")) == 1
    assert "reconciled:web" not in counts


def test_an_answer_that_was_found_on_the_platform_counts_as_reconciled(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    services.ledger.admit(make_request())
    (fetching,) = services.ledger.claim(Stage.FETCH, 1, "w")
    services.ledger.transitions.decline(fetching, "photo-gone", {}, refund=True)
    (first,) = services.ledger.claim(Stage.DELIVER, 1, "w")
    services.ledger.record_send_intent(first)
    services.ledger.transitions.release(first, "crash", maybe_sent=True)
    (second,) = services.ledger.claim(Stage.DELIVER, 1, "w")
    services.ledger.transitions.finish(second, Outcome.APOLOGISED, "photo-gone", "found")

    assert read_stats(services).counts["reconciled:web"] == 1


def test_work_and_workers_are_summed_over_the_fleet(services: Services) -> None:
    report = services.controls.report
    report(Stage.RENDER, "one:1", 2.0, 0.5, done=WorkDone(jobs=6, calls=2, busy_s=3.0))
    report(Stage.RENDER, "two:1", 1.0, 1.0, done=WorkDone(jobs=1, calls=1, busy_s=1.0))

    stats = read_stats(services)
    render = stats.stages[Stage.RENDER]
    assert render.workers == {"one:1": 2.0, "two:1": 1.0}
    assert render.jobs_per_s == 3.0
    assert [stats.counts[f"{what}:render"] for what in ("worked", "calls", "busy-ms")] == [
        7,
        3,
        4000,
    ]


def test_pauses_and_quotas_are_reported(services: Services) -> None:
    services.controls.pause("deliver", "x")
    services.controls.announce_quota("x", RateLimit(100, 900.0))

    stats = read_stats(services)
    assert stats.paused == {"deliver:x": 0.0}
    assert stats.quotas == {"x": RateLimit(100, 900.0)}
    assert (stats.overload_level, stats.dead, stats.delayed) == ("normal", 0, 0)
    assert stats.memory_bytes > 0
