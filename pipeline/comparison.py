"""Before and after, next to each other."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.engine import RGB

_GAP_PX = 16


def side_by_side(before: RGB, after: RGB) -> RGB:
    """Return both pictures at the height of the lower one with a white gap; H x W x 3 uint8 RGB."""
    height = min(before.shape[0], after.shape[0])
    left, right = (_at_height(pixels, height) for pixels in (before, after))
    gap = np.full((height, _GAP_PX, 3), 255, np.uint8)
    return np.ascontiguousarray(np.hstack([left, gap, right]))


def _at_height(pixels: RGB, height: int) -> RGB:
    if pixels.shape[0] == height:
        return pixels
    width = max(1, round(pixels.shape[1] * height / pixels.shape[0]))
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)
