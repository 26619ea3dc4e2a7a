"""Light over the finished painting: bloom around what is bright, a low sun, darker corners."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.arrays import Colours, Plane, ramp, times, tint, unit, wide_blur
from pipeline.styles import Light

SUN_RGB = (1.0, 0.8, 0.45)


def glow_of(preview: Colours, light: Light, daylight: float, scale: float) -> Colours:
    """Work out the light to screen over a picture, from its preview at a quarter of the size."""
    # Only what is nearly white blooms; else every wall would.
    bright = times(preview, ramp(preview.max(-1), 0.75, 1.0))
    glow = wide_blur(bright, 3 * scale) * np.float32(0.3 * light.bloom)
    warmth = sun(preview.shape) * np.float32(0.25 * light.sun * daylight)
    return glow + tint(warmth, SUN_RGB)


def sun(shape: tuple[int, ...]) -> Plane:
    """Fall off from the upper left corner."""
    x, y = axes(shape)
    away = np.hypot(x - np.float32(0.15), y + np.float32(0.1))
    return unit(1 - away * np.float32(1 / 1.1))


def vignette(preview: Colours, amount: float) -> Colours:
    """Return what is to be added to darken the corners."""
    x, y = axes(preview.shape)
    corners = ramp(np.hypot(x - np.float32(0.5), y - np.float32(0.5)), 0.38, 0.78)
    return times(preview, corners * np.float32(-amount))


def axes(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Give 0..1 across and down, ready to broadcast."""
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    return x, np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
