"""Traces of the hand: bristle marks that follow the forms, and contours that tremble."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.ink import along
from pipeline.engines.painter.noise import cloudy, grainy
from pipeline.engines.painter.planes import Colours, Plane, blur, ramp, resize

SLANT = (np.float32(0.8), np.float32(-0.6))
"""A right hand's stroke: to the right and up."""


def bristles(flow: Flow, unit: float, seed: int) -> Plane:
    """Comb noise along the flow, at half size (line integral convolution; Cabral 1993). Mean 0, spread 1."""
    shape = flow.lean.shape
    noise = grainy(shape, seed, 1.2 * unit)
    sweep = swept(flow.thinned(), unit / 4)
    x, y = (resize(plane, shape) for plane in sweep)
    combed = along(noise, x, y, 0, 9 * unit, 6)
    return combed * np.float32(1 / (combed.std() + 1e-6))


def swept(flow: Flow, unit: float) -> tuple[Plane, Plane]:
    """Let the brush sweep slantwise where no form leads it, instead of scribbling after noise.

    Returns how far it goes to the right and down.
    """
    led = ramp(blur(flow.lean * ramp(flow.force, 0.004, 0.02), 5 * unit), 0.05, 0.35)
    same_way = np.where(flow.x * SLANT[0] + flow.y * SLANT[1] < 0, np.float32(-1), np.float32(1))
    x = blur(flow.x * same_way * led + SLANT[0] * (1 - led), 4 * unit)
    y = blur(flow.y * same_way * led + SLANT[1] * (1 - led), 4 * unit)
    length = np.hypot(x, y) + np.float32(1e-6)
    return x / length, y / length


def trembled(picture: Colours, amount: float, steady: Plane, unit: float, seed: int) -> Colours:
    """Shift spots by up to about `amount` x 4 units, smoothly; not where `steady` (at any size) is 1."""
    reach = np.float32(8 * amount * unit) * (1 - steady)
    aside, down = (
        resize(reach * (cloudy(steady.shape, seed + at, 26, 3) - np.float32(0.5)), picture.shape)
        for at in (11, 12)
    )
    beside = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    moved = cv2.remap(picture, aside, down, beside, borderMode=cv2.BORDER_REPLICATE)
    return cast(Colours, moved)
