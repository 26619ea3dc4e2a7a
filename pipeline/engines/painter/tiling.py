"""Work by strips of rows: they fit the processor's cache, and several threads can work at once.

What a set of planes has in common: it can be cut into rows, and resized.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pipeline.engines.painter.arrays import Plane, resize

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


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
