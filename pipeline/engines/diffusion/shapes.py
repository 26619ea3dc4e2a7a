"""The few shapes that are painted: each photo gets the nearest one; photos of one shape share a call."""

from __future__ import annotations

import math
from dataclasses import dataclass

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
