"""The size that is painted at: brushes need some room, and memory has an end."""

from __future__ import annotations

import math

import cv2
import numpy as np

from pipeline.engine import RGB

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
