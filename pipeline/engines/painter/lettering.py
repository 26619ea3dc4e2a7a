"""Where a photo shows letters or drawings: two flat tones, close together, in strong contrast."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.planes import Plane, ramp, wide_blur


def lettering(bright: Plane, unit: float) -> Plane:
    """Say where a luma plane shows letters, 0..1.

    In a window over letters most spots are either dark or light, so that the spread comes near half the
    range; in leaves, gravel or fur most lie between. A single contour looks alike, but is alone.
    """
    width = 2 * max(1, round(5 * unit)) + 1
    window = (width, width)
    square = np.ones(window, np.uint8)
    reach = cast(Plane, cv2.dilate(bright, square)) - cast(Plane, cv2.erode(bright, square))
    mean = cast(Plane, cv2.blur(bright, window))
    variance = cast(Plane, cv2.blur(bright * bright, window)) - mean * mean
    spread = np.sqrt(np.maximum(variance, 0))
    two_toned = ramp(2 * spread - np.float32(0.58) * reach, 0.0, 0.06) * ramp(reach, 0.22, 0.42)
    return ramp(wide_blur(two_toned, 6 * unit), 0.30, 0.55)
