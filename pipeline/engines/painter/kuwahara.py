"""The anisotropic Kuwahara filter (Kyprianidis, Kang, Doellner 2009).

Every spot becomes a mean of the calmest among sectors around it, in an ellipse that lies along the form.
Two shortcuts make it fast: one Gaussian-blurred picture is read at the sectors' centres, instead of
convolving each sector; and since the weight of a sector depends on its own calm alone, colours are
weighted once before they are read, and what is left per sector is one look-up and one sum.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.layers import rows_of
from pipeline.engines.painter.planes import BESIDE, Colours, Plane, blur, blur_reach, luma, times
from pipeline.engines.painter.strips import by_rows

SECTORS = 8

CENTRE = 0.75
"""Where the centre of a sector lies, as a part of the radius."""

BLUR = 0.45
"""The spread of a sector's Gaussian, as a part of the radius."""


def kuwahara(picture: Colours, flow: Flow, radius_px: float, crew: Executor) -> Colours:
    """Flatten textures and sharpen contours, with a brush of `radius_px`."""
    halo = int(2 * CENTRE * radius_px) + 2 + blur_reach(BLUR * radius_px)

    def strip(rows: slice) -> Colours:
        # The halo makes a strip see what the whole would, so that strips leave no seams.
        first = max(0, rows.start - halo)
        weighted = weighted_by_calm(picture[first : rows.stop + halo], radius_px)
        return calmest(weighted, rows_of(flow, rows), radius_px, rows.start - first)

    return by_rows(crew, np.empty_like(picture), strip)


def weighted_by_calm(picture: Colours, radius_px: float) -> Plane:
    """Blur to means and multiply them by the calm around them: R w, G w, B w, w (H x W x 4)."""
    bright = luma(picture)
    spread = radius_px * BLUR
    means = blur(picture, spread)
    mean = luma(means)
    weight = calm(np.maximum(blur(bright * bright, spread) - mean * mean, 0))
    return cast(Plane, cv2.merge([times(means, weight), weight]))


def calm(variance: Plane) -> Plane:
    """Weigh a sector; the fourth power lets the calmest one win without hard seams."""
    unrest = variance * np.float32(1000) + np.float32(0.02)
    unrest *= unrest
    return np.float32(1e-6) / (unrest * unrest + np.float32(1e-6))


def calmest(weighted: Plane, flow: Flow, radius_px: float, first: int) -> Colours:
    """Sum the sectors around every spot of `flow`, whose first row is row `first` of `weighted`.

    Opposite sectors come in pairs.
    """
    stretch = 1 + flow.lean
    along = np.float32(CENTRE * radius_px) * stretch
    across = np.float32(CENTRE * radius_px) / stretch
    total = np.zeros((*flow.lean.shape, 4), np.float32)
    home = np.float32(first)
    for sector in range(SECTORS // 2):
        turn = 2 * math.pi * (sector + 0.5) / SECTORS
        u, v = along * np.float32(math.cos(turn)), across * np.float32(math.sin(turn))
        dx, dy = u * flow.x - v * flow.y, u * flow.y + v * flow.x
        for right, down in ((dx, home + dy), (-dx, home - dy)):
            seen = cv2.remap(weighted, right, down, BESIDE, borderMode=cv2.BORDER_REPLICATE)
            cv2.add(total, seen, dst=total)
    # Never 0: calm() gives the wildest sector more than 1e-13.
    weight = cast(Plane, np.float32(1) / total[..., 3])
    return times(np.ascontiguousarray(total[..., :3]), weight)
