"""Scores of the safety check for ordinary photos and their paintings: `python -m benchmarks.safety`."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time

from rich.console import Console
from rich.table import Table

from pipeline.engine import RGB, RenderJob
from pipeline.engines import load_engine
from pipeline.errors import PaintingFailed
from pipeline.opennsfw import OpenNsfw
from pipeline.safety import Thresholds
from pipeline.styles import load_styles
from tests.photos import PHOTOS, photo


def main() -> int:
    """Score all photos and paintings; return 1 if one would be refused."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print one JSON object instead")
    arguments.add_argument("--long-side-px", type=int, default=640)
    options = arguments.parse_args()
    check, engine, styles = OpenNsfw(), load_engine("painter"), load_styles().values()
    engine.warm_up()
    scores: dict[str, dict[str, float]] = {}
    took_ms: list[float] = []

    def score(pixels: RGB | PaintingFailed) -> float:
        if isinstance(pixels, PaintingFailed):
            raise pixels
        began = time.perf_counter()
        found = check.score(pixels)
        took_ms.append((time.perf_counter() - began) * 1000)
        return found

    for name in PHOTOS:
        pixels = photo(name, options.long_side_px)
        paintings = [
            engine.paint([RenderJob(pixels, s, 0.6, 1)], lambda _: None)[0] for s in styles
        ]
        scores[name] = {"photo": score(pixels)}
        scores[name] |= {s.name: score(p) for s, p in zip(styles, paintings, strict=True)}
    refused = sum(_refused(row) for row in scores.values())
    figures = {"median_ms": round(statistics.median(took_ms), 1), "refused": refused}
    if options.json:
        print(json.dumps({"scores": scores, **figures}))
    else:
        _show(scores, figures)
    return int(refused > 0)


def _refused(row: dict[str, float]) -> int:
    limits = Thresholds()
    pictures = [score for name, score in row.items() if name != "photo"]
    limit = limits.doubtful_picture if row["photo"] >= limits.doubtful_photo else limits.picture
    return (row["photo"] >= limits.photo) + sum(score >= limit for score in pictures)


def _show(scores: dict[str, dict[str, float]], figures: dict[str, float]) -> None:
    table = Table("shows", *next(iter(scores.values())))
    for name, row in scores.items():
        table.add_row(name, *(f"{score:.3f}" for score in row.values()))
    console = Console()
    console.print(table)
    console.print(f"refused: {figures['refused']}; median of a score: {figures['median_ms']} ms")


if __name__ == "__main__":
    sys.exit(main())
