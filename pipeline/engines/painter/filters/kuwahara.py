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

from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.arrays import (
    BESIDE,
    Colours,
    Plane,
    blur,
    blur_reach,
    luma,
    spread,
    times,
    without_fourth,
)
from pipeline.engines.painter.canvas import by_rows

SECTORS = 8

CENTRE = 0.75
"""Where the centre of a sector lies, as a part of the radius."""

BLUR = 0.45
"""The spread of a sector's Gaussian, as a part of the radius."""


def kuwahara(picture: Colours, flow: Flow, radius_px: float, pool: Executor) -> Colours:
    """Flatten textures and sharpen contours, with a brush of `radius_px`.

    `flow` is as large as the picture, or half as large.
    """
    halo = int(2 * CENTRE * radius_px) + 2 + blur_reach(BLUR * radius_px)
    aside = sectors(flow, radius_px)
    step = len(picture) // len(flow.lean)

    def strip(rows: slice) -> Colours:
        # The halo makes a strip see what the whole would, so that strips leave no seams.
        first = max(0, rows.start - halo)
        weighted = weighted_by_calm(picture[first : rows.stop + halo], radius_px)
        forms = slice(rows.start // step, rows.stop // step)
        return calmest(weighted, [(x[forms], y[forms]) for x, y in aside], rows, first)

    return by_rows(pool, np.empty_like(picture), strip)


def sectors(flow: Flow, radius_px: float) -> list[tuple[Plane, Plane]]:
    """Say how far aside (right, down) the centres of half the sectors lie; the others lie opposite."""
    stretch = 1 + flow.lean
    along = np.float32(CENTRE * radius_px) * stretch
    across = np.float32(CENTRE * radius_px) / stretch
    along_x, along_y = along * flow.x, along * flow.y
    across_x, across_y = across * flow.x, across * flow.y
    aside = []
    for sector in range(SECTORS // 2):
        turn = 2 * math.pi * (sector + 0.5) / SECTORS
        u, v = math.cos(turn), math.sin(turn)
        x = cv2.addWeighted(along_x, u, across_y, -v, 0)
        aside.append((cast(Plane, x), cast(Plane, cv2.addWeighted(along_y, u, across_x, v, 0))))
    return aside


def weighted_by_calm(picture: Colours, radius_px: float) -> Plane:
    """Blur to means and multiply them by the calm around them: R w, G w, B w, w (H x W x 4)."""
    bright = luma(picture)
    sigma_px = radius_px * BLUR
    means = blur(picture, sigma_px)
    mean = luma(means)
    weight = calm(np.maximum(blur(bright * bright, sigma_px) - mean * mean, 0))
    return cast(Plane, cv2.merge([times(means, weight), weight]))


def calm(variance: Plane) -> Plane:
    """Weigh a sector; the fourth power lets the calmest one win without hard seams."""
    unrest = variance * np.float32(1000) + np.float32(0.02)
    unrest *= unrest
    unrest *= unrest
    unrest += np.float32(1e-6)
    return np.float32(1e-6) / unrest


def calmest(weighted: Plane, aside: list[tuple[Plane, Plane]], rows: slice, first: int) -> Colours:
    """Sum the sectors around every spot of some rows; `weighted` begins with row `first`."""
    size, home = (rows.stop - rows.start, weighted.shape[1]), np.float32(rows.start - first)
    total = np.zeros((*size, 4), np.float32)
    for centre in aside:
        x, y = (spread(plane, size) for plane in centre)
        for right, down in ((x, home + y), (-x, home - y)):
            seen = cv2.remap(weighted, right, down, BESIDE, borderMode=cv2.BORDER_REPLICATE)
            cv2.add(total, seen, dst=total)
    # Never 0: calm() gives the wildest sector more than 1e-13.
    weight = cast(Plane, np.float32(1) / total[..., 3])
    return times(without_fourth(total), weight)
