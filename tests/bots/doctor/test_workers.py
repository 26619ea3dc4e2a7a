"""The doctor looks at models that jobs are routed to, and at drained workers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bots.doctor.workers import check_workers
from tasks.heartbeat import Process
from tasks.routing import PaintingWorker
from tasks.services import Services, open_services
from tasks.settings import Canary, Settings


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services of a fleet with a model for each tier and a canary."""
    update = {
        "tier_models": {"everybody": "fast", "subscriber": "best"},
        "canary": Canary(model="new", share=0.05),
    }
    opened = open_services(settings.model_copy(update=update), lambda _: None)
    yield opened
    opened.redis.close()


def test_a_model_without_a_worker_and_a_drained_worker_are_named(services: Services) -> None:
    for name, model in (("far:1", "fast"), ("far:2", "best")):
        services.heartbeats.announce(Process("gpu", name, 0.0, {"engine": f"diffusion/{model}"}))
        painting = PaintingWorker("diffusion", model, f"diffusion/{model}")
        services.routing.announce(f"{name}:aa", painting)
    services.routing.drain("far:2", "end")

    found = {finding.what: finding for finding in check_workers(services)}

    assert found["model fast"].message == "1 workers paint with it"
    assert found["model best"].fix == "suisai worker gpu --model best"
    assert "other models paint its jobs" in found["model new"].message
    assert found["drained"].fix == "suisai drain far:2 --undo"
