"""Latency that an idle bot adds to the engine's own time, from upload to answer.

`python -m benchmarks.latency [--json] [--photos N]`. Each photo goes through the real
processes, alternating with the engine alone in this process.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from bots.web.client import WebClient
from pipeline.engine import RenderJob
from pipeline.engines import load_engine
from pipeline.photo import open_photo
from pipeline.styles import load_styles
from pipeline.stylize import seed_of
from tasks.models import Job
from tasks.services import embedded_valkey, open_services
from tasks.settings import Limits, Settings
from tests.photos import PHOTOS
from tests.stack import Stack, eventually

STEPS = ("admitted", "fetching", "fetched", "painting", "painted", "delivering", "answered")


def variants(count: int) -> list[bytes]:
    """Return `count` different JPEG files of almost the same photo, 1024 px long."""
    photo = Image.open(PHOTOS["astronaut"]).convert("RGB").resize((1024, 1024))
    files = []
    for number in range(count):
        file = BytesIO()
        photo.crop((number, 0, 1024, 1024 - number)).save(file, "JPEG", quality=90)
        files.append(file.getvalue())
    return files


def measure(count: int) -> dict[str, float]:
    """Return medians in milliseconds: total, engine, added, and the time of each step."""
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), engine="painter", limits=Limits(cooldown_s=0))
        embedded_valkey(settings).ensure()
        stack = Stack(settings, Path(folder) / "logs", {"SUISAI_PLATFORM_LIMITS": "{}"})
        stack.start_workers()
        page = stack.open_page()
        services = open_services(settings, lambda _: None)
        engine, style = load_engine("painter"), load_styles()["film"]
        engine.warm_up()
        with WebClient(page) as client:
            eventually(services.routing.workers, what="the painting worker is ready")
            for number, data in enumerate(variants(count + 2)):
                sent = time.time()
                visit = client.visit(data, threading.Event())
                total_s = time.time() - sent
                assert visit is not None
                photo = open_photo(data)
                job = RenderJob(photo.pixels, style, 0.6, seed_of(photo.digest))
                began = time.perf_counter()
                engine.paint([job], lambda _: None)
                engine_s = time.perf_counter() - began
                if number >= 2:
                    rows.append(_row(sent, total_s, engine_s, services.ledger.job(visit.job_id)))
        stack.stop()
        embedded_valkey(settings).stop()
    return {key: statistics.median(row[key] for row in rows) for key in rows[0]}


def _row(sent: float, total_s: float, engine_s: float, job: Job) -> dict[str, float]:
    at = {event.event: event.at for event in job.history}
    row = {"total": total_s, "engine": engine_s, "added": total_s - engine_s}
    before = sent
    for step in STEPS:
        row[step] = at[step] - before
        before = at[step]
    row["seen"] = sent + total_s - before
    return {key: 1000 * value for key, value in row.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--photos", type=int, default=30)
    options = parser.parse_args()
    medians = measure(options.photos)
    if options.json:
        print(json.dumps(medians))
        return
    table = Table("median of", "ms", title=f"{options.photos} photos of 1024 px, one at a time")
    for key, value in medians.items():
        table.add_row(key, f"{value:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
