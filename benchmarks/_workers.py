"""Workers with real claims and transitions; painting and sending are simulated by sleeping."""

from __future__ import annotations

import threading
import time

from tasks.maintenance import run_once
from tasks.models import Claim, Outcome, Stage
from tasks.services import Services
from tasks.worker.loop import ThroughputMeter

PAINTERS = 2
BATCH = 4
IO_THREADS = 4
_IO_S = 0.01
_POLL_S = 0.02


def paint_s(photos: int, draft: bool) -> float:
    """Return how long a painter takes for a batch; the faster recipe takes half the time."""
    return (0.4 + 0.3 * photos) * (0.5 if draft else 1.0)


def workers(services: Services, stop: threading.Event) -> list[threading.Thread]:
    """Start an io worker of several threads, painters and a sweep."""
    io = ThroughputMeter(services.controls, (Stage.FETCH, Stage.DELIVER), "io", IO_THREADS)
    group = [threading.Thread(target=_sweep, args=(services, stop))]
    group += [
        threading.Thread(target=_work, args=(services, (Stage.DELIVER, Stage.FETCH), 1, io, stop))
        for _ in range(IO_THREADS)
    ]
    for number in range(PAINTERS):
        gpu = ThroughputMeter(services.controls, (Stage.RENDER,), f"gpu-{number}", 1)
        group.append(
            threading.Thread(target=_work, args=(services, (Stage.RENDER,), BATCH, gpu, stop))
        )
    for one in group:
        one.start()
    return group


def _sweep(services: Services, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        run_once(services)


def _work(
    services: Services,
    stages: tuple[Stage, ...],
    most: int,
    meter: ThroughputMeter,
    stop: threading.Event,
) -> None:
    while not stop.is_set():
        for stage in stages:
            claims = services.ledger.claim(stage, most, "bench", from_wakeup=False)
            if claims:
                with meter.working(stage, len(claims)):
                    _serve(services, stage, claims)
                break
        else:
            stop.wait(_POLL_S)


def _serve(services: Services, stage: Stage, claims: list[Claim]) -> None:
    draft = all(claim.job.draft for claim in claims)
    # Simulates painting and the network.
    time.sleep(paint_s(len(claims), draft) if stage is Stage.RENDER else _IO_S)
    for claim in claims:
        if stage is Stage.FETCH:
            services.ledger.transitions.fetched(claim, ["photos/1"], "1024x1024")
        elif stage is Stage.RENDER:
            services.ledger.transitions.painted(claim, ["pictures/1"])
        else:
            services.ledger.record_send_intent(claim)
            services.ledger.transitions.finish(
                claim, Outcome.ANSWERED, receipt=claim.job.request.event
            )
