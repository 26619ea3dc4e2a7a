"""Seeded noise: what is invented comes from here, and only from here."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.arrays import Plane, unit

EVEN_BYTES = 73.9
"""Standard deviation of bytes that are all as likely."""


def cloudy(
    shape: tuple[int, ...], seed: int, cells: float, octaves: int, fade: float = 0.55
) -> Plane:
    """Sum octaves of smooth noise; `cells` of the coarsest lie along the long side. Spans about 0..1."""
    height, width = shape[:2]
    dice = np.random.default_rng(seed)
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        count = cells * 2**octave / max(height, width)
        size = (int(width * count) + 3, int(height * count) + 3)
        grid = dice.random((size[1], size[0]), np.float32)
        scale = np.array([[count, 0, 0.5], [0, count, 0.5]], np.float32)
        way = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        layer = cast(Plane, cv2.warpAffine(smooth(grid), scale, (width, height), flags=way))
        total += np.float32(fade**octave) * layer
    return settled(total)


def smooth(grid: Plane) -> Plane:
    """Round the corners of dice throws, so that linear interpolation does not show."""
    return cast(Plane, cv2.GaussianBlur(grid, (3, 3), 0.7))


def settled(plane: Plane) -> Plane:
    """Stretch to 0..1, leaving out the rarest two in a hundred."""
    # Every fourth spot tells as much as all: the coarsest octave is much wider.
    low, high = np.percentile(plane[::4, ::4], (1, 99))
    return unit((plane - np.float32(low)) * np.float32(1 / (high - low + 1e-6)))


def grainy(shape: tuple[int, ...], seed: int, grain_px: float) -> Plane:
    """Make paper tooth: noise of one size, mean 0, spread about 1."""
    height, width = shape[:2]
    cell = max(1.0, grain_px)
    size = (int(height / cell) + 2, int(width / cell) + 2)
    # Bytes are thrown fifteen times faster than bells, and between them interpolation makes bells.
    dice = np.frombuffer(np.random.default_rng(seed).bytes(size[0] * size[1]), np.uint8)
    grid = (dice.reshape(size) - np.float32(127.5)) * np.float32(1 / EVEN_BYTES)
    return cast(Plane, cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC))
