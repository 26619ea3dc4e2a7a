"""Sizes that a model paints at, and how a photo is fitted to one and back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.engine import RGB

MULTIPLE_PX = 16
"""All families pack 2 x 2 latents of 8 x 8 pixels into one token."""

RATIOS = ((1, 1), (5, 4), (4, 3), (3, 2), (16, 9), (20, 9), (3, 1))
"""Width to height in landscape: common cameras, screens and panoramas. Each also exists in portrait."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a model paints, in pixels; both sides are multiples of 16."""

    width_px: int
    height_px: int


def bucket_of(width_px: int, height_px: int) -> str:
    """Return the nearest ratio, e.g. `3x2` for a landscape photo, `2x3` for a portrait one."""
    landscape = width_px >= height_px
    ratio = max(width_px, height_px) / min(width_px, height_px)
    long, short = min(RATIOS, key=lambda pair: abs(math.log(ratio * pair[1] / pair[0])))
    return f"{long}x{short}" if landscape else f"{short}x{long}"


def shape_of(bucket: str, side_px: int) -> Shape:
    """Return the bucket's shape with about the area of a square of this side.

    A landscape shape and its portrait twin have the same number of tokens, so that one compiled kernel
    serves both. Raises `ValueError` for an invalid bucket.
    """
    width, height = (int(part) for part in bucket.split("x"))
    long = _rounded(side_px * math.sqrt(max(width, height) / min(width, height)))
    short = _rounded(side_px * side_px / long)
    return Shape(long, short) if width >= height else Shape(short, long)


def buckets() -> list[str]:
    """Return the names of all buckets, squares first."""
    landscape = [f"{long}x{short}" for long, short in RATIOS]
    return landscape + [f"{short}x{long}" for long, short in RATIOS if long != short]


def _rounded(side_px: float) -> int:
    return max(MULTIPLE_PX, round(side_px / MULTIPLE_PX) * MULTIPLE_PX)


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
