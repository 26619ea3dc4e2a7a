"""The sky as a background painter would do it: a clear gradient, its own clouds kept, else new ones."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.engines.painter.clouds import cloudscape
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    blur,
    colour,
    luma,
    mix,
    part,
    ramp,
    resize,
)
from pipeline.engines.painter.sky import SkyFound
from pipeline.styles import Sky

EMPTY, CLOUDED = 2.5, 7.0
"""Cloudiness (units of L) below which a sky gets all of the style's clouds, and from which none."""


def with_sky(picture: Colours, cover: Plane, found: SkyFound, sky: Sky, seed: int) -> Colours:
    """Shift the sky from its own clear colour to the style's, and fill it with clouds where it is empty.

    `cover` says how much of each spot is sky. Shifting instead of replacing keeps the photo's own clouds,
    and makes an error in the cover of a branch or of lacework a small error in colour.
    """
    rows = resize(gradient(sky, found) - found.clear, (picture.shape[0], 1))
    share = cover * above(found.horizon, picture.shape[0]) * np.float32(sky.weight)
    out = picture + rows * share[..., None]
    if sky.stars > 0:
        out = with_stars(out, cover, sky.stars, seed)
    emptiness = float(1 - ramp(np.array([found.cloudiness], np.float32), EMPTY, CLOUDED)[0])
    if emptiness * sky.clouds.amount * sky.weight > 0.02:
        return with_clouds(np.clip(out, 0, 1), cover, found, sky, emptiness * sky.weight, seed)
    return np.clip(out, 0, 1)


def with_stars(picture: Colours, cover: Plane, amount: float, seed: int) -> Colours:
    """Scatter stars of several sizes, fewer towards the ground."""
    height, width = picture.shape[:2]
    scale = float(np.sqrt(height * width)) / 900
    dice = np.random.default_rng(seed + 41)
    stars = np.zeros((height, width), np.float32)
    for _ in range(round(260 * amount)):
        x, y, bright = dice.random() * width, dice.random() ** 1.4 * height, dice.random() ** 3
        spot = ((x, y), (scale * (1.2 + 2.2 * bright),) * 2, 0.0)
        cv2.ellipse(stars, spot, 0.35 + 0.65 * bright, -1, cv2.LINE_AA)
    share = blur(stars, 0.5 * scale) * cover * cover
    return picture + (1 - picture) * share[..., None]


def above(horizon: float, height: int) -> Plane:
    """Fade from 1 above the horizon to a quarter below it, where hazy water may lie (H x 1)."""
    rows = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    return np.float32(0.25) + np.float32(0.75) * ramp(rows, horizon + 0.06, horizon - 0.02)


def gradient(sky: Sky, found: SkyFound) -> Colours:
    """Lay the style's three sky colours over the rows down to the horizon (H x 1 x 3)."""
    height = len(found.clear)
    reach = np.arange(height) / (max(found.horizon, 0.25) * height)
    stops = [colour(code) for code in (sky.top, sky.middle, sky.horizon)]
    channels = [np.interp(reach, (0, 0.55, 1), channel) for channel in zip(*stops, strict=True)]
    return np.stack(channels, -1)[:, None].astype(np.float32)


def with_clouds(
    picture: Colours, cover: Plane, found: SkyFound, sky: Sky, share: float, seed: int
) -> Colours:
    """Paint clouds behind everything: birds, wires and twigs that darken the sky darken the clouds."""
    scape = cloudscape(picture.shape, found.horizon, sky.clouds, seed)
    over = resize(scape.cover, picture.shape) * cover * cover * np.float32(share)
    small = part(picture, 0.25)
    plain = resize(luma(gradient(sky, found)), (small.shape[0], 1))
    dimmed = np.clip(
        luma(picture) / resize(plain, (picture.shape[0], 1)) + np.float32(0.03), 0.3, 1
    )
    clouds = resize(scape.colours, picture.shape) * dimmed[..., None]
    return mix(picture, clouds, over)
