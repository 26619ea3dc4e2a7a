"""The texture of paint: uneven washes, colour gathered at rims, the tooth of paper (Bousseau 2006).

The paper below the paint: where it shows, how it takes chalk, and its own colour.

Brush marks: bristles that follow the forms, and contours that waver.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.analysis.photo_analysis import PhotoAnalysis
from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    blur,
    luma,
    part,
    ramp,
    resize,
    wide_blur,
)
from pipeline.engines.painter.filters.line_art import along
from pipeline.engines.painter.filters.noise import cloudy, grainy
from pipeline.styles import Pigment, Stroke


def bare_of(preview: Colours, pigment: Pigment, analysis: PhotoAnalysis, seed: int) -> Plane | None:
    """Say where paper shows through a picture, from its preview at a quarter of the size.

    Faces stay covered.
    """
    if pigment.bleed <= 0 and pigment.hatch <= 0:
        return None
    bare = unpainted(preview, seed) * np.float32(pigment.bleed) * (1 - analysis.subject.head)
    if pigment.hatch <= 0:
        return bare
    full = resize(bare, analysis.calm.shape)
    gaps = between_strokes(resize(luma(preview), full.shape), analysis.unit, seed)
    hold = np.float32(pigment.hatch) * (1 - np.float32(0.95) * analysis.subject.head)
    return cast(Plane, np.maximum(full, gaps * resize(hold, full.shape)))


def frame_of(shape: tuple[int, ...], pigment: Pigment, seed: int) -> Plane | None:
    """Leave a ragged margin of paper around a picture that was washed on it."""
    if pigment.bleed <= 0:
        return None
    return margin(shape, seed) * np.float32(min(1.0, 3 * pigment.bleed))


def unpainted(preview: Colours, seed: int) -> Plane:
    """Leave out the lightest parts, with an uneven rim, as a painter in watercolour does."""
    light = blur(luma(preview), 1.5)
    uneven = cloudy(preview.shape, seed + 21, 9, 4) - np.float32(0.5)
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


SLANT = (np.float32(0.8), np.float32(-0.6))
"""Direction of strokes where no form leads them: to the right and up."""


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


def density_of(
    flat: Colours, analysis: PhotoAnalysis, pigment: Pigment, stroke: Stroke, seed: int
) -> Plane:
    """Say how much more pigment than usual lies at each spot, at half size where no grain shows.

    Faces stay nearly even.
    """
    half = part(flat, 0.5)
    density = np.zeros(half.shape[:2], np.float32)
    if pigment.density > 0:
        washes = resize(cloudy(part(density, 0.5).shape, seed, 4, 6), half.shape)
        density += (washes - np.float32(0.5)) * np.float32(0.5 * pigment.density)
    if pigment.edge > 0:
        density += rims(half, analysis.unit) * np.float32(pigment.edge)
    if stroke.length > 0:
        density += bristles(analysis.flow, analysis.unit, seed) * np.float32(0.24 * stroke.length)
    # Blotches that make a wall lively make a face look ill.
    subject = analysis.subject
    even = 1 - np.maximum(np.float32(0.75) * subject.head, np.float32(0.95) * subject.small)
    density *= resize(even, half.shape)
    if pigment.grain <= 0:
        return density
    grain = grainy(flat.shape, seed + 1, 1.3 * analysis.unit)
    grain *= resize(even * np.float32(0.35 * pigment.grain), flat.shape)
    grain += resize(density, flat.shape)
    return grain


def rims(picture: Colours, scale: float) -> Plane:
    """Find where a wash ends against something lighter: there, pigment gathers as it dries."""
    bright = luma(picture)
    darker = wide_blur(bright, 4 * scale) - bright
    return cast(Plane, np.clip(darker * np.float32(6), -0.2, 0.9))
