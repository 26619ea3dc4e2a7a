"""Where a photo shows what is thinner than any brush: lattices, wires, small letters, emblems, ribbons.

Closing a plane removes what is dark and thin, opening it what is light and thin (Serra 1982). Fur, leaves
and gravel are full of thin things as well, but there is no end to them: filigree lies before calm ground,
or in a small patch amid calmer things.

Where a photo shows letters or drawings: two flat tones, close together, in strong contrast.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.arrays import Plane, blur, magnitude, part, ramp, resize, wide_blur

REACH = 2.4
"""Half the width of what counts as thin, in units of the plane."""

FAINT, PLAIN = 0.022, 0.065
"""Luma by which threads stand out from their ground: from which they count, and count fully."""

CALM, LUMPY = 0.004, 0.012
"""Slope of the ground, luma per px."""

SPARSE, DENSE = 0.020, 0.042
"""Mean luma of thin things within a patch: from which it counts as an emblem, and counts fully."""

ALONE, ENDLESS = 0.27, 0.43
"""The same far around, as a part of it: up to which a patch stands alone, and from which it does not."""


def filigree(bright: Plane, unit: float) -> Plane:
    """Say where a luma plane shows thin things that are no texture, 0..1."""
    reach = max(1, round(REACH * unit))
    brush = cast(Plane, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1,) * 2))
    closed = cast(Plane, cv2.morphologyEx(bright, cv2.MORPH_CLOSE, brush))
    opened = cast(Plane, cv2.morphologyEx(bright, cv2.MORPH_OPEN, brush))
    dark, light = closed - bright, bright - opened
    thin = np.maximum(dark, light)
    threads = [
        ramp(dark, FAINT, PLAIN) * calmness(closed, unit),
        ramp(light, FAINT, PLAIN) * calmness(opened, unit),
    ]
    return np.maximum(blur(np.maximum(*threads), 0.6), emblems(thin, unit))


def calmness(ground: Plane, unit: float) -> Plane:
    """Say how much of the surroundings is calm; single edges, as of a sign or a mast, do not count."""
    small = part(ground, 0.5)
    right, down = (cast(Plane, cv2.Sobel(small, -1, x, 1 - x)) for x in (1, 0))
    slope = magnitude(right, down)
    calm = ramp(slope * np.float32(1 / 16), LUMPY, CALM)
    return resize(ramp(wide_blur(calm, 4 * unit), 0.50, 0.75), ground.shape)


def emblems(thin: Plane, unit: float) -> Plane:
    """Find small patches that are dense with thin things (`thin`: by how much luma they stand out)."""
    small = part(thin, 0.5)
    near, far = wide_blur(small, 3 * unit), wide_blur(small, 60 * unit)
    alone = ramp(far / (near + np.float32(1e-3)), ENDLESS, ALONE)
    return resize(ramp(near, SPARSE, DENSE) * alone, thin.shape)


def lettering(bright: Plane, unit: float) -> Plane:
    """Say where a luma plane shows letters, 0..1.

    In a window over letters most spots are either dark or light, so that the spread comes near half the
    range; in leaves, gravel or fur most lie between. A single contour looks alike, but is alone.
    """
    width = 2 * max(1, round(5 * unit)) + 1
    window = (width, width)
    square = np.ones(window, np.uint8)
    reach = cast(Plane, cv2.dilate(bright, square)) - cast(Plane, cv2.erode(bright, square))
    mean = cast(Plane, cv2.blur(bright, window))
    variance = cast(Plane, cv2.blur(bright * bright, window)) - mean * mean
    spread = np.sqrt(np.maximum(variance, 0))
    two_toned = ramp(2 * spread - np.float32(0.58) * reach, 0.0, 0.06) * ramp(reach, 0.22, 0.42)
    return ramp(wide_blur(two_toned, 6 * unit), 0.30, 0.55)
