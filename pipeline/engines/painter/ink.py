"""Ink lines along contours.

A difference of Gaussians, smoothed along the flow (Kang 2007), with the soft threshold of XDoG
(Winnemoeller 2012).
"""

from __future__ import annotations

import math

import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.planes import Plane, blur, look_up, ramp

SPREAD = 1.6
"""The ratio of the two Gaussians that comes closest to a Laplacian (Marr and Hildreth 1980)."""


def ridges(luma: Plane, flow: Flow, width_px: float, reach_px: int = 4) -> Plane:
    """Say how much darker a spot is than its surroundings, along the contour it lies on."""
    bright = np.sqrt(np.clip(luma, 0, 1))
    darker = blur(bright, width_px * SPREAD) - blur(bright, width_px)
    return along(darker, flow, reach_px)


def along(plane: Plane, flow: Flow, reach_px: int) -> Plane:
    """Average a plane along the flow, `reach_px` to either side, with a Gaussian weight."""
    height, width = plane.shape
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(height, dtype=np.float32)[:, None]
    total, weights = plane.copy(), 1.0
    for step in range(1, reach_px + 1):
        weight = math.exp(-1.5 * (step / reach_px) ** 2)
        for way in (-step, step):
            total += look_up(plane, x + way * flow.x, y + way * flow.y) * np.float32(weight)
        weights += 2 * weight
    return total * np.float32(1 / weights)


def pen(ridge: Plane, threshold: Plane | float, softness: float = 0.014) -> Plane:
    """Turn ridges into the cover of ink, 0..1."""
    return ramp(ridge - threshold, 0.0, softness)
