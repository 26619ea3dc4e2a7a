"""Ink lines along contours.

A difference of Gaussians, smoothed along the flow (Kang 2007), with the soft threshold of XDoG
(Winnemoeller 2012).
"""

from __future__ import annotations

import math
from concurrent.futures import Executor

import cv2
import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.planes import BESIDE, Plane, blur, ramp, spread
from pipeline.engines.painter.strips import by_rows

SPREAD = 1.6
"""The ratio of the two Gaussians that comes closest to a Laplacian (Marr and Hildreth 1980)."""


def ridges(luma: Plane, flow: Flow, width_px: float, reach_px: float, crew: Executor) -> Plane:
    """Say how much darker a spot is than its surroundings, along the contour it lies on."""
    darker = wide_ridges(luma, width_px)
    halo = math.ceil(reach_px) + 1

    step = len(luma) // len(flow.x)

    def strip(rows: slice) -> Plane:
        first = max(0, rows.start - halo)
        nearby, forms = (
            darker[first : rows.stop + halo],
            slice(rows.start // step, rows.stop // step),
        )
        size = (rows.stop - rows.start, luma.shape[1])
        x, y = (spread(plane[forms], size) for plane in (flow.x, flow.y))
        return along(nearby, x, y, rows.start - first, reach_px, 4)

    return by_rows(crew, np.empty_like(luma), strip)


def wide_ridges(luma: Plane, width_px: float) -> Plane:
    """Say how much darker a spot is than its surroundings, in all directions alike."""
    return blur(luma, width_px * SPREAD) - blur(luma, width_px)


def along(plane: Plane, x: Plane, y: Plane, first: int, reach_px: float, samples: int) -> Plane:
    """Average a plane along a flow (x, y), `reach_px` to either side, with a Gaussian weight.

    The first row of the flow is row `first` of `plane`; `samples` are taken on each side.
    """
    total = plane[first : first + len(x)].copy()
    weights, home = 1.0, np.float32(first)
    for sample in range(1, samples + 1):
        weight = math.exp(-1.5 * (sample / samples) ** 2)
        step = np.float32(reach_px * sample / samples)
        dx, dy = x * step, y * step
        for right, down in ((dx, home + dy), (-dx, home - dy)):
            seen = cv2.remap(plane, right, down, BESIDE, borderMode=cv2.BORDER_REPLICATE)
            cv2.scaleAdd(seen, weight, total, dst=total)
        weights += 2 * weight
    return total * np.float32(1 / weights)


def pen(ridge: Plane, threshold: Plane | float, softness: float = 0.014) -> Plane:
    """Turn ridges into the cover of ink, 0..1."""
    return ramp(ridge - threshold, 0.0, softness)
