"""A sheet of photos and an engine's paintings, and metrics of each painting.

`python -m benchmarks.pictures [--engine diffusion --model NAME] [--out SHEET.png] [PHOTO ...]` paints every
photo in every style, writes one sheet and prints a row per painting. `--models` and `--device` set the folder
of the diffusion models and the device. The column `identity` needs the file of OpenCV's SFace model
(`--embedder`), which no package contains; without it the column is empty.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.contact_sheet import laid_out, tile
from benchmarks.painter import opened
from pipeline.engine import RGB, Engine, RenderJob
from pipeline.engines import EngineOptions, load_engine
from pipeline.engines.painter.analysis.faces import Face, FaceFinder, overlap
from pipeline.engines.painter.analysis.fine_detail import lettering
from pipeline.errors import PaintingFailed
from pipeline.styles import Style, load_styles

SAME_PLACE = 0.3
"""Minimum overlap of two boxes of one face."""
FORMS_PX = 64
"""Long side at which only large forms are visible."""
LETTERS_MIN = 0.002
"""Minimum share of a photo with letters for the metric `letters`."""


@dataclass(frozen=True, slots=True)
class PaintingMetrics:
    """Metrics of one painting compared with its photo; None if the photo has no such content."""

    photo: str
    style: str
    ms: float
    faces: int
    """Faces found in the photo."""
    faces_kept: int
    """Faces found in the painting at the same place."""
    identity: float | None
    """Mean cosine of the embeddings of the kept faces, -1..1; 1 is the same face."""
    skin_lightness: float | None
    """Mean change of CIELAB lightness in the middle of the kept faces, 0..100."""
    letters: float | None
    """Correlation of fine contrast where the photo shows letters, -1..1."""
    composition: float
    """Correlation of the edges of large forms, -1..1."""


class Evaluator:
    """Compares paintings with photos. One thread at a time."""

    def __init__(self, embedder: Path | None = None) -> None:
        self._finder = FaceFinder()
        self._embedder = (
            None if embedder is None else cv2.FaceRecognizerSF.create(str(embedder), "")
        )

    def evaluate(
        self, name: str, style: str, photo: RGB, painting: RGB, ms: float
    ) -> PaintingMetrics:
        """Compare one painting with its photo; both have the same size."""
        faces, found = self._finder.find(photo), self._finder.find(painting)
        pairs = [
            (face, other) for face in faces for other in found if overlap(face, other) >= SAME_PLACE
        ]
        return PaintingMetrics(
            name,
            style,
            ms,
            len(faces),
            len({id(face) for face, _ in pairs}),
            _mean(self._identities(photo, painting, pairs)),
            _mean(_lightness(painting, face) - _lightness(photo, face) for face, _ in pairs),
            _letters_kept(photo, painting),
            _correlation(_forms(photo), _forms(painting)),
        )

    def _identities(
        self, photo: RGB, painting: RGB, pairs: Sequence[tuple[Face, Face]]
    ) -> Iterator[float]:
        if self._embedder is None:
            return
        for face, other in pairs:
            one, two = self._embedded(photo, face), self._embedded(painting, other)
            yield float(one @ two / (np.linalg.norm(one) * np.linalg.norm(two)))

    def _embedded(self, picture: RGB, face: Face) -> np.ndarray:
        assert self._embedder is not None
        # SFace expects 112 x 112 pixels: the face's box with a margin.
        margin = face.size * 0.15
        left, top = max(0, round(face.left - margin)), max(0, round(face.top - margin))
        side = round(face.size + 2 * margin)
        part = np.ascontiguousarray(picture[top : top + side, left : left + side, ::-1])
        return self._embedder.feature(cv2.resize(part, (112, 112))).ravel()


def _lightness(picture: RGB, face: Face) -> float:
    inset = round(face.size * 0.3)
    top, left, side = round(face.top) + inset, round(face.left) + inset, round(face.size * 0.4)
    part = picture[max(0, top) : top + side, max(0, left) : left + side]
    lab = cv2.cvtColor(np.ascontiguousarray(part, np.float32) / 255, cv2.COLOR_RGB2Lab)
    return float(lab[..., 0].mean())


def _letters_kept(photo: RGB, painting: RGB) -> float | None:
    bright, other = _luma(photo), _luma(painting)
    mask = lettering(bright, max(1.0, max(photo.shape) / 1024)) > 0.5
    if mask.mean() < LETTERS_MIN:
        return None
    return _correlation(_fine(bright)[mask], _fine(other)[mask])


def _luma(picture: RGB) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255


def _fine(bright: np.ndarray) -> np.ndarray:
    return bright - cv2.GaussianBlur(bright, (0, 0), 3)


def _forms(picture: RGB) -> np.ndarray:
    scale = FORMS_PX / max(picture.shape[:2])
    small = cv2.resize(_luma(picture), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.magnitude(cv2.Sobel(small, -1, 1, 0), cv2.Sobel(small, -1, 0, 1))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one.ravel() - one.mean(), other.ravel() - other.mean()
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else 0.0


def _mean(values: Iterator[float]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None


def compare(
    engine: Engine, photos: dict[str, RGB], styles: Sequence[Style], evaluator: Evaluator
) -> Iterator[tuple[PaintingMetrics, RGB]]:
    """Paint every photo in every style and compute the metrics, photo by photo."""
    for name, pixels in photos.items():
        for style in styles:
            begun = time.perf_counter()
            (painting,) = engine.paint([RenderJob(pixels, style, 0.6, 1)], lambda _: None)
            if isinstance(painting, PaintingFailed):
                raise painting
            ms = (time.perf_counter() - begun) * 1000
            yield evaluator.evaluate(name, style.name, pixels, painting, ms), painting


def main() -> None:
    """Paint, write the sheet, print the rows."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("photos", nargs="*", type=Path, help="default: the test photos")
    arguments.add_argument("--engine", choices=("painter", "diffusion"), default="painter")
    arguments.add_argument("--model", default="auto")
    arguments.add_argument("--models", type=Path, default=Path("~/.suisai/models").expanduser())
    arguments.add_argument("--cache", type=Path, default=Path("~/.suisai/cache").expanduser())
    arguments.add_argument("--device", default="cuda")
    arguments.add_argument("--embedder", type=Path)
    arguments.add_argument("--out", type=Path, default=Path("out/pictures.png"))
    arguments.add_argument("--tile-px", type=int, default=320)
    arguments.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = arguments.parse_intermixed_args()
    styles = list(load_styles().values())
    engine = load_engine(
        options.engine,
        EngineOptions(options.model, styles, options.models, options.cache, options.device, print),
    )
    engine.warm_up()
    photos = opened(options.photos)
    evaluated = list(compare(engine, dict(photos), styles, Evaluator(options.embedder)))
    paintings = {name: [made for row, made in evaluated if row.photo == name] for name in photos}
    rows = [
        [tile(each, options.tile_px) for each in (pixels, *paintings[name])]
        for name, pixels in photos.items()
    ]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    heads = ["photo", *(style.name for style in styles)]
    laid_out(heads, rows, options.tile_px).save(options.out)
    metrics = [row for row, _ in evaluated]
    if options.json:
        print(json.dumps({"engine": engine.version, "rows": [asdict(row) for row in metrics]}))
    else:
        _show(engine, metrics)
    print(options.out)


def _show(engine: Engine, rows: Sequence[PaintingMetrics]) -> None:
    heads = ("photo", "style", "ms", "faces", "kept", "identity", "skin", "letters", "composition")
    table = Table(*heads, title=f"{engine.name} {engine.version}")
    for row in rows:
        values = asdict(row).values()
        table.add_row(*("-" if value is None else _short(value) for value in values))
    Console(width=120).print(table)


def _short(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
