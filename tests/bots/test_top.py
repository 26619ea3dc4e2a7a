"""`suisai top` shows queues, pauses and processes."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable

from redis.exceptions import ConnectionError as RedisConnectionError
from rich.console import Console

from bots.commands.top import screen, watch
from bots.i18n.translate import span
from tasks.heartbeat import Process
from tasks.models import PaintRequest
from tasks.routing import PaintingWorker
from tasks.services import Services
from tasks.stats import FleetStats, read_stats


def shown(*seen: FleetStats) -> str:
    paper = io.StringIO()
    Console(file=paper, width=110).print(screen(list(seen)))
    return paper.getvalue()


def test_queues_pauses_and_processes_are_seen(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    for person in ("ann", "bob"):
        services.ledger.admit(make_request(person=person))
    services.controls.pause("render")
    services.heartbeats.announce(Process("gpu", "far:7", 0.0, {"engine": "painter/1"}))

    picture = shown(read_stats(services))

    assert "paused: render" in picture
    assert "web 2" in picture
    assert "painter/1" in picture
    assert re.search(r"admitted +2\b", picture)


def test_models_and_drained_workers_are_seen(services: Services) -> None:
    routing = services.routing
    for name, model in (("far:7", "fast"), ("far:8", "best")):
        services.heartbeats.announce(Process("gpu", name, 0.0, {"engine": f"diffusion/{model}"}))
        routing.announce(f"{name}:aa", PaintingWorker("diffusion", model, f"diffusion/{model}"))
    routing.drain("far:8", "wait")

    picture = shown(read_stats(services))

    assert re.search(r"fast +1 ", picture)
    assert re.search(r"far:8 .*diffusion/best, draining", picture)
    assert not re.search(r"best +1 ", picture), "its worker takes no jobs"


def test_a_bot_without_processes_is_told_how_to_start(services: Services) -> None:
    assert "no process is running: suisai up" in shown(read_stats(services))


def test_a_ledger_that_is_away_is_waited_for(services: Services) -> None:
    stop = threading.Event()
    looks = iter(["away", "back"])

    def look() -> FleetStats:
        if next(looks) == "away":
            raise RedisConnectionError("refused")
        stop.set()
        return read_stats(services)

    paper = io.StringIO()
    watch(look, Console(file=paper, width=110, force_terminal=True), 0.0, stop)

    drawn = paper.getvalue()
    assert drawn.index("trying again: refused") < drawn.index("overload level")


def test_spans_are_short() -> None:
    assert [span(s) for s in (0.31, 45, 600, 9000)] == ["0.3 s", "45 s", "10 min", "2.5 h"]
