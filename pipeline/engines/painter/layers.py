"""What a set of planes has in common: it can be cut into rows, and resized."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pipeline.engines.painter.planes import Plane, resize

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Layers = TypeVar("Layers", bound="DataclassInstance")


def rows_of(layers: Layers, rows: slice) -> Layers:
    """Cut all planes of a dataclass to some rows."""
    return replace(layers, **{name: plane[rows] for name, plane in planes_of(layers).items()})


def resized(layers: Layers, shape: tuple[int, ...]) -> Layers:
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
