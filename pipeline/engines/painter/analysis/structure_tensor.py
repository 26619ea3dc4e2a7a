"""The direction in which forms run: the smoothed structure tensor (Brox 2006, Kyprianidis 2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.arrays import Plane, blur, magnitude, ramp

SMOOTHNESS = 2.4
"""Of the tensor, in units of the picture: less and lines tremble, more and corners round off."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The local orientation of a picture, all planes at half its size: orientation changes slowly."""

    x: Plane
    y: Plane
    """Unit tangent of the forms, in px to the right and down."""
    lean: Plane
    """Anisotropy: 0 where nothing leads, up to 1 along a clean contour."""
    force: Plane
    """Contrast across the tangent, luma per px of the picture."""

    def thinned(self) -> Flow:
        """Keep every other spot of every other row: the mean of opposite tangents would be none."""
        return Flow(*(plane[::2, ::2] for plane in (self.x, self.y, self.lean, self.force)))


def flow_of(half: Plane, unit: float) -> Flow:
    """Find the flow of a picture from its luma at half size.

    The tensor is smoothed, not the angle, so that opposites agree.
    """
    sigma_px = SMOOTHNESS * unit / 2
    down = np.float32(1 / 16)
    gx = cast(Plane, cv2.Scharr(half, cv2.CV_32F, 1, 0)) * down
    gy = cast(Plane, cv2.Scharr(half, cv2.CV_32F, 0, 1)) * down
    xx, yy, xy = (blur(product, sigma_px) for product in (gx * gx, gy * gy, gx * gy))
    spread = magnitude(xx - yy, 2 * xy)
    strongest = (xx + yy + spread) * np.float32(0.5)
    angle = cast(Plane, cv2.phase(xx - yy, 2 * xy)) * np.float32(0.5)
    lean = spread / (xx + yy + np.float32(1e-6)) * ramp(strongest, 2e-5, 3e-4)
    sine, cosine = np.sin(angle), np.cos(angle)
    return Flow(-sine, cosine, lean, np.sqrt(strongest) * np.float32(0.75))
