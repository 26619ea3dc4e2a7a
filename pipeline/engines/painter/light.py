"""Light over the finished painting: bloom around what is bright, a low sun, darker corners."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    part,
    ramp,
    resize,
    tint,
    unit,
    wide_blur,
)
from pipeline.styles import Light

SUN_RGB = (1.0, 0.8, 0.45)


def lit(picture: Colours, light: Light, daylight: float, scale: float) -> Colours:
    """Add light as screens over the picture, so that nothing clips."""
    out = picture
    if light.bloom > 0:
        out = 1 - (1 - out) * (1 - np.float32(0.3 * light.bloom) * bloom(picture, scale))
    if light.sun * daylight > 0:
        glow = sun(picture.shape) * np.float32(0.25 * light.sun * daylight)
        out = 1 - (1 - out) * (1 - tint(glow, SUN_RGB))
    if light.vignette > 0:
        out = out * (1 - corners(picture.shape) * np.float32(light.vignette))[..., None]
    return out


def bloom(picture: Colours, scale: float) -> Colours:
    """Spread the brightest parts around themselves."""
    small = part(picture, 0.25)
    bright = small * ramp(small.max(-1), 0.75, 1.0)[..., None]
    return resize(wide_blur(bright, 3 * scale), picture.shape)


def sun(shape: tuple[int, ...]) -> Plane:
    """Fall off from the upper left corner."""
    x, y = axes(shape)
    away = np.hypot(x - np.float32(0.15), y + np.float32(0.1))
    return unit(1 - away * np.float32(1 / 1.1))


def corners(shape: tuple[int, ...]) -> Plane:
    """Grow from the middle to the corners."""
    x, y = axes(shape)
    return ramp(np.hypot(x - np.float32(0.5), y - np.float32(0.5)), 0.38, 0.78)


def axes(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Give 0..1 across and down, ready to broadcast."""
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    return x, np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
