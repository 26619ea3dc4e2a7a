"""The paper below the paint: where it shows, how it takes chalk, and its own colour."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.noise import cloudy, grainy
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    blur,
    luma,
    ramp,
    resize,
)
from pipeline.engines.painter.view import View
from pipeline.styles import Pigment


def bare_of(study: Colours, pigment: Pigment, view: View, seed: int) -> Plane | None:
    """Say where paper shows through a picture, from its study at a quarter of the size.

    Faces stay covered.
    """
    if pigment.bleed <= 0 and pigment.hatch <= 0:
        return None
    bare = unpainted(study, seed) * np.float32(pigment.bleed) * (1 - view.subject.head)
    if pigment.hatch <= 0:
        return bare
    full = resize(bare, view.calm.shape)
    gaps = between_strokes(resize(luma(study), full.shape), view.unit, seed)
    hold = np.float32(pigment.hatch) * (1 - np.float32(0.95) * view.subject.head)
    return cast(Plane, np.maximum(full, gaps * resize(hold, full.shape)))


def frame_of(shape: tuple[int, ...], pigment: Pigment, seed: int) -> Plane | None:
    """Leave a ragged margin of paper around a picture that was washed on it."""
    if pigment.bleed <= 0:
        return None
    return margin(shape, seed) * np.float32(min(1.0, 3 * pigment.bleed))


def unpainted(study: Colours, seed: int) -> Plane:
    """Leave out the lightest parts, with an uneven rim, as a painter in watercolour does."""
    light = blur(luma(study), 1.5)
    uneven = cloudy(study.shape, seed + 21, 9, 4) - np.float32(0.5)
    return ramp(light + np.float32(0.22) * uneven, 0.80, 0.97)


def margin(shape: tuple[int, ...], seed: int) -> Plane:
    """Keep a ragged edge of paper around the picture, 2% of its short side wide."""
    height, width = shape[:2]
    small = (max(8, height // 2), max(8, width // 2))
    x = np.arange(small[1], dtype=np.float32)[None, :]
    y = np.arange(small[0], dtype=np.float32)[:, None]
    inward = np.minimum(np.minimum(x, small[1] - 1 - x), np.minimum(y, small[0] - 1 - y))
    inward = inward * np.float32(1 / min(small))
    wave = cloudy(small, seed + 22, 12, 6, 0.6)
    return resize(ramp(inward - np.float32(0.05) * wave, 0.006, -0.003), shape)


def between_strokes(bright: Plane, scale: float, seed: int) -> Plane:
    """Find the gaps between slanted strokes of chalk: nearly closed in shadows, wide where it is light.

    In a dark plane, a few white gaps look like rain.
    """
    strokes = slanted(bright.shape, scale, seed)
    tooth = grainy(bright.shape, seed + 24, 1.3 * scale)
    height = strokes * np.float32(0.55) + tooth * np.float32(0.40)
    width = np.float32(0.04) + bright * (np.float32(0.25) + np.float32(0.50) * bright)
    return ramp(height, -1.2, 2.2) * width


def slanted(shape: tuple[int, ...], scale: float, seed: int) -> Plane:
    """Smear noise along a slant of 60 degrees. Mean 0, spread 1."""
    half = (max(8, shape[0] // 2), max(8, shape[1] // 2))
    reach = max(3, round(12 * scale))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    dx, dy = round(0.5 * reach), round(0.87 * reach)
    cv2.line(kernel, (reach - dx, reach + dy), (reach + dx, reach - dy), 1.0, 1, cv2.LINE_AA)
    noise = grainy(half, seed + 23, 2.6 * scale)
    smeared = cast(Plane, cv2.filter2D(noise, -1, kernel / kernel.sum()))
    return resize(smeared * np.float32(1 / (smeared.std() + 1e-6)), shape)
