"""Speed, memory and fidelity of the painter: `python -m benchmarks.painter [PHOTO ...]`."""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import product
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from pipeline.engine import RGB, RenderJob
from pipeline.engines.painter import Painter
from pipeline.engines.painter.analysis.faces import FaceFinder, overlap
from pipeline.errors import PaintingFailed
from pipeline.styles import Style, load_styles
from tests.photos import PHOTOS, photo

SIDE_PX = 1024
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Speed:
    """Timings of one photo in one style; painter and `cv2.stylization` alternate in one run."""

    photo: str
    style: str
    threads: int
    painter_ms: float
    stylization_ms: float
    times_stylization: float
    """Below 1 the painter is faster than `cv2.stylization`."""
    cpu_times_stylization: float
    """The same ratio of CPU time, which depends less on other work on the machine."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Duration of one call."""

    wall_ms: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How much of the photos is preserved in one style."""

    style: str
    faces: str
    """Faces found in the paintings, of those found in the photos."""
    edges: float
    """Structural similarity of the edge maps, median over the photos."""


def main() -> int:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("photos", nargs="*", type=Path, help="default: the test photos")
    arguments.add_argument("--json", action="store_true", help="print one JSON object instead")
    arguments.add_argument(
        "--all-styles", action="store_true", help="time every style, not film alone"
    )
    options = arguments.parse_intermixed_args()
    photos = opened(options.photos)
    styles = load_styles()
    timed = styles if options.all_styles else {"film": styles["film"]}
    speeds = [row for threads in (1, 2) for row in speeds_of(photos, timed, threads)]
    figures = {
        "times_1024_at_2048": round(growth(photos), 2),
        "draft_times_faster": round(draft_gain(photos), 2),
        "first_picture_ms": round(first_picture_ms()),
        "peak_mb": {side: peak_mb(side) for side in (1024, 2048)},
    }
    kept = fidelity(photos, styles)
    if options.json:
        rows = {"speed": [asdict(row) for row in speeds], "fidelity": [asdict(row) for row in kept]}
        print(json.dumps(rows | figures))
    else:
        show(speeds, kept, figures)
    return 0


def opened(paths: Sequence[Path]) -> dict[str, RGB]:
    """Open photos with a long side of 1024 px, by default those of the tests."""
    if not paths:
        return {name: photo(name, SIDE_PX) for name in PHOTOS}
    return {
        path.stem: at_side(np.asarray(Image.open(path).convert("RGB")), SIDE_PX) for path in paths
    }


def at_side(pixels: RGB, side_px: int) -> RGB:
    """Resize to a long side."""
    scale = side_px / max(pixels.shape)
    size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8)


@contextmanager
def painting(threads: int) -> Iterator[Painter]:
    """Yield a warmed-up painter; OpenCV uses `threads` threads meanwhile."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(threads)
    painter = Painter(threads)
    painter.warm_up()
    yield painter
    painter.close()
    cv2.setNumThreads(before)


def speeds_of(
    photos: Mapping[str, RGB], styles: Mapping[str, Style], threads: int
) -> Iterator[Speed]:
    """Time each photo in each style, alternating with `cv2.stylization`."""
    with painting(threads) as painter:
        for name, style in product(photos, styles.values()):
            ours, theirs = alternate(
                partial(painted, painter, photos[name], style),
                partial(cv2.stylization, photos[name], sigma_s=60, sigma_r=0.45),
            )
            yield Speed(
                name,
                style.name,
                threads,
                round(ours.wall_ms),
                round(theirs.wall_ms),
                round(ours.wall_ms / theirs.wall_ms, 2),
                round(ours.cpu_ms / theirs.cpu_ms, 2),
            )


def alternate(one: Callable[[], object], other: Callable[[], object]) -> tuple[Timing, Timing]:
    """Run two calls alternately, after one warm-up round; return the median duration of each."""
    took: tuple[list[Timing], list[Timing]] = ([], [])
    for _ in range(ROUNDS + 1):
        for call, times in zip((one, other), took, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            spent = (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000
            times.append(Timing(*spent))
    return median(took[0][1:]), median(took[1][1:])


def median(rounds: Sequence[Timing]) -> Timing:
    """Return the medians of wall time and CPU time."""
    return Timing(
        statistics.median(took.wall_ms for took in rounds),
        statistics.median(took.cpu_ms for took in rounds),
    )


def painted(painter: Painter, pixels: RGB, style: Style, seed: int = 1, draft: bool = False) -> RGB:
    """Paint one photo at the usual strength."""
    (picture,) = painter.paint([RenderJob(pixels, style, 0.6, seed, draft)], lambda _: None)
    if isinstance(picture, PaintingFailed):
        raise picture
    return picture


def growth(photos: Mapping[str, RGB]) -> float:
    """Return the ratio of the times of the first photo at 2048 px and at 1024 px, on two threads."""
    small = next(iter(photos.values()))
    large, film = at_side(small, 2 * SIDE_PX), load_styles()["film"]
    with painting(2) as painter:
        slow, fast = alternate(
            lambda: painted(painter, large, film), lambda: painted(painter, small, film)
        )
    return slow.wall_ms / fast.wall_ms


def draft_gain(photos: Mapping[str, RGB]) -> float:
    """Return how many times faster drafts are than full paintings: median over the photos, two threads."""
    film = load_styles()["film"]
    with painting(2) as painter:
        pairs = [
            alternate(
                partial(painted, painter, pixels, film),
                partial(painted, painter, pixels, film, draft=True),
            )
            for pixels in photos.values()
        ]
    return statistics.median(whole.wall_ms / draft.wall_ms for whole, draft in pairs)


def first_picture_ms() -> float:
    """Return the time of the first picture after the warm-up, with cold caches."""
    painter = Painter(2)
    painter.warm_up()
    began = time.perf_counter()
    painted(painter, photo("astronaut", SIDE_PX), load_styles()["film"])
    painter.close()
    return (time.perf_counter() - began) * 1000


def peak_mb(side_px: int) -> int:
    """Return the peak memory of a fresh process that paints squares of this side."""
    command = [sys.executable, "-m", "benchmarks._peak", str(side_px)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def fidelity(photos: Mapping[str, RGB], styles: Mapping[str, Style]) -> list[Fidelity]:
    """Compare faces and edges of each photo with those of its paintings."""
    finder, rows = FaceFinder(), []
    with painting(2) as painter:
        for style in styles.values():
            found = there = 0
            alike = []
            for pixels in photos.values():
                picture = painted(painter, pixels, style)
                before, after = finder.find(pixels), finder.find(picture)
                there += len(before)
                found += sum(any(overlap(face, again) > 0.5 for again in after) for face in before)
                alike.append(similarity(edges_of(pixels), edges_of(picture)))
            edges = round(statistics.median(alike), 2)
            rows.append(Fidelity(style.name, f"{found} of {there}", edges))
    return rows


def edges_of(pixels: RGB) -> np.ndarray:
    """Return the gradient magnitude, 0..1, after a blur that removes texture."""
    grey = cv2.GaussianBlur(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32), (0, 0), 2)
    strength = cv2.magnitude(cv2.Sobel(grey, -1, 1, 0), cv2.Sobel(grey, -1, 0, 1))
    return np.asarray(np.minimum(strength / 128, 1))


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    """Return the mean structural similarity of two planes in 0..1 (Wang 2004)."""

    def mean(plane: np.ndarray) -> np.ndarray:
        return np.asarray(cv2.GaussianBlur(plane, (0, 0), 1.5))

    a, b = mean(one), mean(other)
    spread = mean(one * one) - a * a + mean(other * other) - b * b
    together = mean(one * other) - a * b
    alike = (2 * a * b + 1e-4) * (2 * together + 9e-4)
    return float((alike / ((a * a + b * b + 1e-4) * (spread + 9e-4))).mean())


def show(speeds: Sequence[Speed], kept: Sequence[Fidelity], figures: Mapping[str, object]) -> None:
    """Print tables."""
    speed = Table(
        "photo", "style", "threads", "painter ms", "cv2.stylization ms", "ratio", "ratio of cpu"
    )
    for row in speeds:
        speed.add_row(*(str(value) for value in asdict(row).values()))
    faithful = Table("style", "faces found again", "edges alike")
    for line in kept:
        faithful.add_row(line.style, line.faces, str(line.edges))
    console = Console()
    for table in (speed, faithful):
        console.print(table)
    for name, figure in figures.items():
        console.print(f"{name}: {figure}")


if __name__ == "__main__":
    sys.exit(main())
