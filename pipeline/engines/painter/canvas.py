"""Working sizes of the painter, and work in strips and tiles that fit the cache."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.arrays import Plane, resize

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


SMALLEST_PX, LARGEST_PX = 448, 1792
"""Geometric mean of the canvas's sides.

Above, time and memory grow faster than the picture: 4096 x 4096 as it is would take gigabytes.
"""

DRAFT = 0.65
"""Sides of a draft's canvas, as a part of the usual ones: two in five spots are left to paint."""

GRID_PX = 4
"""Sides of a canvas are multiples of it: halves and quarters are then exact, and much faster to make."""


def on_canvas(photo: RGB, draft: bool = False) -> RGB:
    """Enlarge a small photo, and shrink a huge one, to a size that can be painted."""
    height, width = photo.shape[:2]
    scale = scale_of(photo, draft)
    if scale == 1:
        return padded(photo, -height % GRID_PX, -width % GRID_PX)
    cells = (max(4, round(side * scale / GRID_PX)) for side in (height, width))
    return scaled(photo, *(cell * GRID_PX for cell in cells))


def off_canvas(picture: RGB, photo: RGB, draft: bool = False) -> RGB:
    """Bring a painting to exactly its photo's size."""
    height, width = photo.shape[:2]
    if scale_of(photo, draft) == 1:
        return np.ascontiguousarray(picture[:height, :width])
    return scaled(picture, height, width)


def scale_of(photo: RGB, draft: bool) -> float:
    """Say how large a photo's canvas is; 1 is as large as the photo."""
    side = math.sqrt(photo.shape[0] * photo.shape[1])
    wanted = min(side, LARGEST_PX) * (DRAFT if draft else 1)
    return max(wanted, SMALLEST_PX) / side


def padded(photo: RGB, below: int, beside: int) -> RGB:
    """Carry the last rows and columns on."""
    if below == beside == 0:
        return photo
    wider = cv2.copyMakeBorder(photo, 0, below, 0, beside, cv2.BORDER_REPLICATE)
    return np.asarray(wider, np.uint8)


def scaled(picture: RGB, height: int, width: int) -> RGB:
    """Resize bytes: averaging when smaller, cubic when larger."""
    rows, columns = picture.shape[:2]
    if height * width >= rows * columns:
        way = cv2.INTER_CUBIC
    else:
        picture, way = halved(picture, height, width), cv2.INTER_AREA
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)


def halved(picture: RGB, height: int, width: int) -> RGB:
    """Halve a picture as often as that is exact and leaves it larger: ten times faster than one long step."""
    rows, columns = picture.shape[:2]
    while rows >= 2 * height and columns >= 2 * width and rows % 2 == columns % 2 == 0:
        rows, columns = rows // 2, columns // 2
        small = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
        picture = np.asarray(small, np.uint8)
    return picture


STRIP_PX = 64
"""A fixed number, so that the number of threads cannot change the picture."""

Rows = TypeVar("Rows", bound=np.ndarray)


def by_rows(pool: Executor, out: Rows, work: Callable[[slice], Rows]) -> Rows:
    """Fill `out` with the rows that `work` makes, strip by strip, and return it."""

    def strip(top: int) -> None:
        rows = slice(top, min(top + STRIP_PX, out.shape[0]))
        out[rows] = work(rows)

    list(pool.map(strip, range(0, out.shape[0], STRIP_PX)))
    return out


RowLayers = TypeVar("RowLayers", bound="DataclassInstance")


def rows_of(layers: RowLayers, rows: slice, shape: tuple[int, ...]) -> RowLayers:
    """Give some rows of what all planes of a dataclass would be at `shape`."""
    planes = planes_of(layers)
    return replace(
        layers, **{name: fitted_rows(plane, rows, shape) for name, plane in planes.items()}
    )


def fitted_rows(plane: Plane, rows: slice, shape: tuple[int, ...]) -> Plane:
    """Give some rows of what a plane would be at `shape`, a whole number of times as high.

    Soft planes are kept small, and never exist at full size: memory is slower than arithmetic.
    """
    factor = shape[0] // plane.shape[0]
    if factor == 1:
        return plane[rows]
    first, stop = max(0, rows.start // factor - 1), -(-rows.stop // factor) + 1
    near_by = plane[first:stop]
    large = fitted(near_by, (len(near_by) * factor, shape[1]))
    start = rows.start - first * factor
    return large[start : start + rows.stop - rows.start]


def resized(layers: RowLayers, shape: tuple[int, ...]) -> RowLayers:
    """Resize all planes of a dataclass to (height, width); planes of one column keep it."""
    planes = planes_of(layers)
    return replace(layers, **{name: fitted(plane, shape) for name, plane in planes.items()})


def planes_of(layers: DataclassInstance) -> dict[str, Any]:
    """Name the planes of a dataclass."""
    values = ((field.name, getattr(layers, field.name)) for field in fields(layers))
    return {name: value for name, value in values if isinstance(value, np.ndarray)}


def fitted(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Resize one plane, keeping a single column single."""
    return resize(plane, (shape[0], 1 if plane.shape[1] == 1 else shape[1]))
