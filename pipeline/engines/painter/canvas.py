"""The size that is painted at: brushes need some room, and memory has an end."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipeline.contract import RGB

SMALLEST_PX, LARGEST_PX = 448, 1792
"""Geometric mean of the canvas's sides.

Above, time and memory grow faster than the picture: 4096 x 4096 as it is would take gigabytes.
"""


def on_canvas(photo: RGB) -> RGB:
    """Enlarge a small photo, and shrink a huge one, to a size that can be painted."""
    side = math.sqrt(photo.shape[0] * photo.shape[1])
    scale = min(max(side, SMALLEST_PX), LARGEST_PX) / side
    if scale == 1:
        return photo
    height, width = (max(16, round(length * scale)) for length in photo.shape[:2])
    return scaled(photo, width, height)


def off_canvas(picture: RGB, photo: RGB) -> RGB:
    """Bring a painting to exactly its photo's size."""
    height, width = photo.shape[:2]
    return picture if picture.shape == photo.shape else scaled(picture, width, height)


def scaled(picture: RGB, width: int, height: int) -> RGB:
    """Resize: averaging when smaller, cubic when larger."""
    shrinks = width * height < picture.shape[0] * picture.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (width, height), interpolation=way), np.uint8)
