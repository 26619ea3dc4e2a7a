"""What the painter knows about a photo before it paints, its exposure included."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import cast

import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.sky import SkyFound
from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.arrays import Colours, Plane, as_colours, luma, ramp, times, wide_blur
from pipeline.engines.painter.canvas import by_rows, fitted_rows, scaled


@dataclass(frozen=True, slots=True)
class PhotoAnalysis:
    """The photo, what it shows, and its measures; every filter reads some of it."""

    pixels: RGB
    calm: Colours
    """The photo without its grain, shadows opened."""
    half: Colours
    """The same at half the size."""
    flow: Flow
    subject: Subject
    sky: SkyFound | None
    air: Plane
    """Sky and clouds in which no lines are drawn, 0..1, in a small picture."""
    daylight: float
    """0 at night, 1 at noon."""
    unit: float
    """Scale of the picture: brushes and lines are measured in it."""


def daylight_of(photo: RGB) -> float:
    """Say how much day there is, 0 at night to 1 at noon: from the median and mean luma.

    The brighter tenth counts too, since a dark subject before a bright sky is still day.
    """
    bright = luma(as_colours(scaled(photo, photo.shape[0] // 8, photo.shape[1] // 8)))
    key = 0.5 * float(np.median(bright)) + 0.5 * float(bright.mean())
    lights = float(np.percentile(bright, 90))
    day = np.clip((key - 0.10) / 0.20, 0, 1) * np.clip((lights - 0.35) / 0.3, 0, 1)
    return float(day)


def opened_shadows(photo: RGB, unit: float, amount: float, pool: Executor) -> Colours:
    """Lighten broad shadows as a background painter does, without touching the lights.

    A base layer (a guided filter at a quarter of the size; He 2013) decides, so that edges keep their
    contrast.
    """
    small = as_colours(scaled(photo, photo.shape[0] // 4, photo.shape[1] // 4))
    base = base_layer(luma(small), max(2.0, 8 * unit))
    gain = 1 + np.float32(amount) * ramp(base, 0.5, 0.0)

    def strip(rows: slice) -> Colours:
        lighter = times(as_colours(photo[rows]), fitted_rows(gain, rows, photo.shape))
        return np.minimum(lighter, 1, out=lighter)

    return by_rows(pool, np.empty(photo.shape, np.float32), strip)


def base_layer(bright: Plane, sigma_px: float) -> Plane:
    """Smooth a plane without smearing its strong edges: the guided filter with itself as guide."""
    mean = wide_blur(bright, sigma_px)
    variance = wide_blur(bright * bright, sigma_px) - mean * mean
    slope = cast(Plane, variance / (variance + np.float32(0.01)))
    return wide_blur(slope, sigma_px) * bright + wide_blur(mean - slope * mean, sigma_px)
