"""The anisotropic Kuwahara filter (Kyprianidis, Kang, Doellner 2009).

Every spot becomes the calmest mean among sectors around it, in an ellipse that lies along the form.
Reading one Gaussian-blurred picture at the sectors' centres, instead of convolving each sector, makes
it eight look-ups.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.planes import Colours, Plane, blur, look_up, luma

SECTORS = 8
STRIP_PX = 64
"""Rows per piece of work; a fixed number, so that threads cannot change the picture."""


def kuwahara(picture: Colours, flow: Flow, radius_px: float, crew: Executor) -> Colours:
    """Flatten textures and sharpen contours, with a brush of `radius_px`."""
    means = means_and_unrest(picture, radius_px)
    out = np.empty_like(picture)

    def strip(top: int) -> None:
        bottom = min(top + STRIP_PX, picture.shape[0])
        out[top:bottom] = calmest(means, flow, radius_px, top, bottom)

    list(crew.map(strip, range(0, picture.shape[0], STRIP_PX)))
    return out


def means_and_unrest(picture: Colours, radius_px: float) -> Plane:
    """Blur to RGB means with the luma variance as a fourth channel (H x W x 4)."""
    bright = luma(picture)
    means = blur(cast(Plane, cv2.merge([*cv2.split(picture), bright * bright])), radius_px * 0.45)
    mean = luma(np.ascontiguousarray(means[..., :3]))
    means[..., 3] = np.maximum(means[..., 3] - mean * mean, 0)
    return means


def calmest(means: Plane, flow: Flow, radius_px: float, top: int, bottom: int) -> Colours:
    """Weigh the sectors of the rows `top` to `bottom` by their calm and mix them."""
    rows = slice(top, bottom)
    tx, ty = flow.x[rows], flow.y[rows]
    reach = np.float32(0.75 * radius_px)
    stretch = 1 + flow.lean[rows]
    along, across = reach * stretch, reach / stretch
    height, width = tx.shape
    first = max(0, top - int(2 * radius_px) - 2)
    nearby = means[first : bottom + int(2 * radius_px) + 2]
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(top - first, bottom - first, dtype=np.float32)[:, None]
    total: Plane = np.zeros((height, width, 4), np.float32)
    for sector in range(SECTORS):
        turn = 2 * math.pi * (sector + 0.5) / SECTORS
        u, v = along * np.float32(math.cos(turn)), across * np.float32(math.sin(turn))
        seen = look_up(nearby, x + (u * tx - v * ty), y + (u * ty + v * tx))
        weight = calm(seen[..., 3])
        seen[..., 3] = 1
        total += seen * weight[..., None]
    return cast(Colours, total[..., :3] / total[..., 3:])


def calm(variance: Plane) -> Plane:
    """Weigh a sector; the fourth power lets the calmest one win without hard seams."""
    unrest = variance * np.float32(1000) + np.float32(0.02)
    unrest *= unrest
    return np.float32(1) / (unrest * unrest + np.float32(1e-6))
