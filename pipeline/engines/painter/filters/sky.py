"""The sky as a background painter would do it: a clear gradient, its own clouds kept, else new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.analysis.sky import SkyFound
from pipeline.engines.painter.analysis.sky_mask import blueness
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    blur,
    colour,
    luma,
    mix,
    ramp,
    resize,
    times,
    unit,
)
from pipeline.engines.painter.filters.clouds import cloudscape
from pipeline.styles import Sky

EMPTY, CLOUDED = 0.025, 0.032
"""Cloudiness (spread of blueness) below which a sky gets all of the style's clouds, and from which none."""

HAZE = np.float32(0.03)
"""Blueness below which haze and clouds cannot be told apart."""


@dataclass(frozen=True, slots=True)
class Skyscape:
    """What is to be done to a picture's sky."""

    shift: Colours
    """From the sky's own clear colour to the style's, one per row (H x 1 x 3)."""
    share: Plane
    """How much of it each spot gets."""
    stars: Plane | None
    clouds: Colours
    cloud_cover: Plane
    plain: Plane
    """Luma of the clear sky, one per row (H x 1)."""


def skyscape(half: Colours, found: SkyFound, sky: Sky, seed: int) -> Skyscape:
    """Prepare the sky of a photo (`half`: without its grain) at half its size."""
    height = half.shape[0]
    cover = found.cover(half)
    emptiness = float(1 - ramp(np.array([found.cloudiness], np.float32), EMPTY, CLOUDED)[0])
    scape = cloudscape(half.shape, found.horizon, sky.clouds, seed)
    target = gradient(sky, found)
    return Skyscape(
        shift=resize(target - found.clear, (height, 1)),
        share=cover
        * blue_part(half, found)
        * above(found.horizon, height)
        * np.float32(sky.weight),
        stars=stars(half.shape, sky.stars, seed) * cover * cover if sky.stars > 0 else None,
        clouds=resize(scape.colours, half.shape),
        cloud_cover=resize(scape.cover, half.shape)
        * cover
        * cover
        * np.float32(emptiness * sky.weight),
        plain=resize(luma(target), (height, 1)),
    )


def with_sky(picture: Colours, sky: Skyscape) -> Colours:
    """Shift the sky's colour, and paint stars and clouds behind everything that stands before it.

    Shifting instead of replacing keeps the photo's own clouds, and makes an error in the cover of a branch
    or of lacework a small error in colour. Birds and wires that darken the sky darken the clouds.
    """
    if not sky.share.any():
        return picture
    shift = [sky.share * sky.shift[..., channel] for channel in range(3)]
    out = cast(Colours, cv2.merge(shift))
    out += picture
    np.clip(out, 0, 1, out=out)
    if sky.stars is not None:
        # Stars before clouds: clouds hide them.
        out = mix(out, np.ones_like(out), sky.stars)
    if not sky.cloud_cover.any():
        return out
    dimmed = luma(out)
    dimmed /= sky.plain
    dimmed += np.float32(0.03)
    np.clip(dimmed, 0.3, 1, out=dimmed)
    return mix(out, times(sky.clouds, dimmed), sky.cloud_cover)


def gradient(sky: Sky, found: SkyFound) -> Colours:
    """Lay the style's three sky colours over the rows down to the horizon (H x 1 x 3)."""
    height = len(found.clear)
    reach = np.arange(height) / (max(found.horizon, 0.25) * height)
    stops = [colour(code) for code in (sky.top, sky.middle, sky.horizon)]
    channels = [np.interp(reach, (0, 0.55, 1), channel) for channel in zip(*stops, strict=True)]
    return np.stack(channels, -1)[:, None].astype(np.float32)


def blue_part(half: Colours, found: SkyFound) -> Plane:
    """Say how much of the clear sky's blue each spot has, 0..1: clouds have little and stay white."""
    height = half.shape[0]
    clear = resize(blueness(found.clear), (height, 1)) + HAZE
    return unit((blueness(half) + HAZE) / clear)


def above(horizon: float, height: int) -> Plane:
    """Fade from 1 above the horizon to a quarter below it, where hazy water may lie (H x 1)."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return np.float32(0.25) + np.float32(0.75) * ramp(rows, horizon + 0.06, horizon - 0.02)


def stars(shape: tuple[int, ...], amount: float, seed: int) -> Plane:
    """Scatter stars of several sizes, fewer towards the ground."""
    height, width = shape[:2]
    scale = float(np.sqrt(height * width)) / 900
    dice = np.random.default_rng(seed + 41)
    night = np.zeros((height, width), np.float32)
    for _ in range(round(260 * amount)):
        x, y, bright = dice.random() * width, dice.random() ** 1.4 * height, dice.random() ** 3
        spot = ((x, y), (scale * (1.2 + 2.2 * bright),) * 2, 0.0)
        cv2.ellipse(night, spot, 0.35 + 0.65 * bright, -1, cv2.LINE_AA)
    return blur(night, 0.5 * scale)
