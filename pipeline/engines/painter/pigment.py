"""The matter of paint: uneven washes, colour gathered at rims, the tooth of paper (Bousseau 2006)."""

from __future__ import annotations

from typing import cast

import numpy as np

from pipeline.engines.painter.hand import bristles
from pipeline.engines.painter.noise import cloudy, grainy
from pipeline.engines.painter.planes import Colours, Plane, luma, part, resize, wide_blur
from pipeline.engines.painter.view import View
from pipeline.styles import Pigment, Stroke


def density_of(flat: Colours, view: View, pigment: Pigment, stroke: Stroke, seed: int) -> Plane:
    """Say how much more pigment than usual lies at each spot, at half size where no grain shows.

    Faces stay nearly even.
    """
    half = part(flat, 0.5)
    density = np.zeros(half.shape[:2], np.float32)
    if pigment.density > 0:
        washes = resize(cloudy(part(density, 0.5).shape, seed, 4, 6), half.shape)
        density += (washes - np.float32(0.5)) * np.float32(0.5 * pigment.density)
    if pigment.edge > 0:
        density += rims(half, view.unit) * np.float32(pigment.edge)
    if stroke.length > 0:
        density += bristles(view.flow, view.unit, seed) * np.float32(0.24 * stroke.length)
    # Blotches that make a wall lively make a face look ill.
    even = 1 - np.float32(0.75) * view.subject.head
    density *= resize(even, half.shape)
    if pigment.grain <= 0:
        return density
    grain = grainy(flat.shape, seed + 1, 1.3 * view.unit)
    grain *= resize(even * np.float32(0.35 * pigment.grain), flat.shape)
    grain += resize(density, flat.shape)
    return grain


def rims(picture: Colours, scale: float) -> Plane:
    """Find where a wash ends against something lighter: there, pigment gathers as it dries."""
    bright = luma(picture)
    darker = wide_blur(bright, 4 * scale) - bright
    return cast(Plane, np.clip(darker * np.float32(6), -0.2, 0.9))
