"""Classes of picture shapes: photos of one class can be painted in one call."""

from __future__ import annotations

import math

RATIOS = ("1:2", "9:16", "2:3", "3:4", "4:5", "1:1", "5:4", "4:3", "3:2", "16:9", "2:1")
"""Common ratios of width to height, narrowest first."""


def shape_of(width_px: int, height_px: int) -> str:
    """Name the common ratio nearest to a picture's own, by the ratio of ratios."""

    def distance(name: str) -> float:
        width, height = name.split(":")
        return abs(math.log(width_px / height_px) - math.log(int(width) / int(height)))

    return min(RATIOS, key=distance)
