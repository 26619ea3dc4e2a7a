"""Fits a photo into one of the few shapes, and crops the painting back to the photo's size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.diffusion.shapes import Shape


@dataclass(frozen=True, slots=True)
class Canvas:
    """A photo that was fitted into a shape; the rest is padded with its mirror image."""

    pixels: RGB
    inner: Shape
    """The part, from the top left, that is the photo."""
    photo: Shape
    """The photo's own size."""


def stretch(pixels: RGB, shape: Shape) -> Canvas:
    """Return the whole photo on a canvas of this shape; its proportions stay as they are."""
    height, width = pixels.shape[:2]
    scale = min(shape.width_px / width, shape.height_px / height)
    inner = Shape(
        min(shape.width_px, max(1, round(width * scale))),
        min(shape.height_px, max(1, round(height * scale))),
    )
    fitted = _resized(pixels, inner)
    right, bottom = shape.width_px - inner.width_px, shape.height_px - inner.height_px
    full = cv2.copyMakeBorder(fitted, 0, bottom, 0, right, cv2.BORDER_REFLECT)
    return Canvas(np.ascontiguousarray(full), inner, Shape(width, height))


def cut(painted: RGB, canvas: Canvas) -> RGB:
    """Return what was painted where the photo was, at exactly the photo's size."""
    inner = painted[: canvas.inner.height_px, : canvas.inner.width_px]
    return np.ascontiguousarray(_resized(inner, canvas.photo))


def _resized(pixels: RGB, size: Shape) -> RGB:
    if pixels.shape[:2] == (size.height_px, size.width_px):
        return pixels
    smaller = size.width_px < pixels.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_CUBIC
    resized = cv2.resize(pixels, (size.width_px, size.height_px), interpolation=way)
    return resized.astype(np.uint8, copy=False)
