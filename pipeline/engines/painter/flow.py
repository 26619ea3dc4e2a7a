"""The direction in which forms run: the smoothed structure tensor (Brox 2006, Kyprianidis 2009)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.planes import Plane, blur, part, ramp, resize

SMOOTHNESS = 2.4
"""Of the tensor, in units of the picture: less and lines tremble, more and corners round off."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The local orientation of a picture, all planes H x W."""

    x: Plane
    y: Plane
    """Unit tangent of the forms, in px to the right and down."""
    lean: Plane
    """Anisotropy: 0 where nothing leads, up to 1 along a clean contour."""
    force: Plane
    """Contrast across the tangent, luma per px."""


def flow_of(luma: Plane, unit: float) -> Flow:
    """Find the flow of a luma plane, at half its size: orientation changes slowly."""
    half = flow_at(part(luma, 0.5), SMOOTHNESS * unit / 2)
    # Tangents t and -t mean the same: between them, interpolation would find 0.
    x, y = (
        cast(Plane, cv2.resize(p, luma.shape[::-1], interpolation=cv2.INTER_NEAREST))
        for p in (half.x, half.y)
    )
    force = resize(half.force, luma.shape) * np.float32(0.75)
    return Flow(x, y, resize(half.lean, luma.shape), force)


def flow_at(luma: Plane, sigma_px: float) -> Flow:
    """Find the flow at full size; the tensor is smoothed, not the angle, so that opposites agree."""
    down = np.float32(1 / 16)
    gx = cast(Plane, cv2.Scharr(luma, cv2.CV_32F, 1, 0)) * down
    gy = cast(Plane, cv2.Scharr(luma, cv2.CV_32F, 0, 1)) * down
    xx, yy, xy = (blur(product, sigma_px) for product in (gx * gx, gy * gy, gx * gy))
    spread = cv2.magnitude(xx - yy, 2 * xy)
    strongest = (xx + yy + spread) * np.float32(0.5)
    angle = cast(Plane, cv2.phase(xx - yy, 2 * xy)) * np.float32(0.5)
    lean = spread / (xx + yy + np.float32(1e-6)) * ramp(strongest, 2e-5, 3e-4)
    return Flow(-np.sin(angle), np.cos(angle), lean, np.sqrt(strongest))
