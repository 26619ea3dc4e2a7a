"""The matter of paint: uneven washes, colour gathered at rims, the tooth of paper (Bousseau 2006)."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.noise import cloudy, grainy
from pipeline.engines.painter.planes import Colours, Plane, luma, part, resize, wide_blur
from pipeline.styles import Pigment


def washed(picture: Colours, pigment: Pigment, calm: Plane, unit: float, seed: int) -> Colours:
    """Vary the density of pigment. `calm` (0..1) marks what should stay even, such as faces.

    Density d turns a colour C into C - (C - C^2) d, which keeps pure black and white.
    """
    density = np.zeros(picture.shape[:2], np.float32)
    if pigment.density > 0:
        washes = cloudy(picture.shape, seed, 4, 6)
        density += (washes - np.float32(0.5)) * np.float32(0.5 * pigment.density)
    if pigment.edge > 0:
        density += rims(picture, unit) * np.float32(pigment.edge)
    if pigment.grain > 0:
        grain = grainy(picture.shape, seed + 1, 1.3 * unit)
        density += grain * np.float32(0.35 * pigment.grain)
    density *= 1 - np.float32(0.7) * calm
    return np.clip(picture - (picture - picture * picture) * density[..., None], 0, 1)


def rims(picture: Colours, unit: float) -> Plane:
    """Find where a wash ends against something lighter: there, pigment gathers as it dries."""
    bright = luma(part(picture, 0.5))
    darker = wide_blur(bright, 4 * unit) - bright
    return resize(np.clip(darker * np.float32(6), -0.2, 0.9), picture.shape)
