"""A bot for benchmarks: a ledger without limits, and workers that do everything but paint."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from tasks.contract import Ask, Claim, Outcome, PhotoRef, Stage
from tasks.house import open_services
from tasks.ledger import Ledger
from tasks.pace import Pace
from tasks.services import Services
from tasks.settings import Limits, Settings
from tasks.sweep import sweep_once

THREADS = 8
IO_S = 0.01
"""What fetching or delivering takes."""
PAINT_S = 0.1
PAINTERS = 2
"""Simulated painters; each paints one photo in `PAINT_S`."""


def ask(name: str) -> Ask:
    """Return an ask as long as Telegram's usual ones, of a person of its own."""
    photo = PhotoRef(f"AgACAgIAAxkBAAIB-a-file-id-of-the-usual-length-{name}")
    return Ask("telegram", name, name, name, (photo,), address={"chat": name, "message": name})


def settings_for(url: str, namespace: str, max_wait_s: float = 10**9) -> Settings:
    """Return settings without any limit but the wait."""
    generous = Limits(cooldown_s=0, daily_quota=10**9, open_per_person=10**9, max_wait_s=max_wait_s)
    return Settings(
        data_dir=Path("unused"),
        redis_url=url,  # type: ignore[arg-type]
        blob_url="memory:///",
        namespace=namespace,
        limits=generous,
    )


def house(url: str, namespace: str, max_wait_s: float = 10**9) -> Services:
    """Open a ledger that wakes nobody."""
    return open_services(settings_for(url, namespace, max_wait_s), lambda _: None)


def in_threads(work: Callable[[int], None]) -> None:
    """Run `work(number)` in each of several threads."""
    gang = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for one in gang:
        one.start()
    for one in gang:
        one.join()


def begin(services: Services, stop: threading.Event) -> list[threading.Thread]:
    """Simulate workers at work: real claims and steps, time instead of painting."""
    io = Pace(services.switches, (Stage.FETCH, Stage.DELIVER), "io", 4)
    gpus = [Pace(services.switches, (Stage.RENDER,), f"gpu-{n}", 1) for n in range(PAINTERS)]
    both, paint = (Stage.DELIVER, Stage.FETCH), (Stage.RENDER,)
    gangs = [threading.Thread(target=_sweep, args=(services, stop))]
    gangs += [
        threading.Thread(target=_work, args=(services.ledger, stop, both, IO_S, 1, io))
        for _ in range(4)
    ]
    gangs += [
        threading.Thread(target=_work, args=(services.ledger, stop, paint, PAINT_S, 4, gpu))
        for gpu in gpus
    ]
    for one in gangs:
        one.start()
    return gangs


def _work(
    ledger: Ledger,
    stop: threading.Event,
    stages: tuple[Stage, ...],
    seconds: float,
    most: int,
    pace: Pace,
) -> None:
    while not stop.is_set():
        taken = 0
        for stage in stages:
            claims = ledger.claim(stage, most, "bench", heard=False)
            taken += len(claims)
            if claims:
                with pace.working(stage, len(claims)):
                    time.sleep(seconds * len(claims))
                    for claim in claims:
                        _step(ledger, claim)
        if not taken:
            time.sleep(0.02)


def _step(ledger: Ledger, claim: Claim) -> None:
    if claim.stage is Stage.FETCH:
        ledger.fetched(claim, ["photos/1"], "1024x1024")
    elif claim.stage is Stage.RENDER:
        ledger.painted(claim, ["pictures/1"])
    else:
        ledger.intend(claim)
        ledger.finish(claim, Outcome.ANSWERED, receipt="r")


def _sweep(services: Services, stop: threading.Event) -> None:
    while not stop.wait(1.0):
        sweep_once(services)
