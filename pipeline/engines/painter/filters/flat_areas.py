"""Areas of one tone: gradients and textures vanish, contours stay sharp.

The picture is flattened at half its size by L0 gradient minimisation (Xu, Lu, Xu, Jia 2011): of all pictures
near the given one, it is about the one with the fewest pixels where anything changes. Two steps take turns:
small gradients are set to zero, then a picture is fitted to the gradients that are left, which is a division
in the frequency domain. A guided filter (He 2013), led by the strokes, brings the result to the full size.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from functools import lru_cache
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.arrays import Colours, Plane, luma, mix, part, ramp
from pipeline.engines.painter.canvas import by_rows, fitted_rows
from pipeline.styles import Areas

FAINTEST_EDGE = 0.012
"""Weight of a changing pixel against squared RGB error, at `merge` 1 and in full light."""

SHADOW_SHARE = 0.3
"""Part of it that holds in black, where differences that count are smaller."""

PENALTIES = (0.3, 1.2, 5.0, 20.0, 80.0, 320.0)
"""How firmly the picture follows the gradients that are left, turn by turn.

The published schedule starts where nothing happens yet and takes 22 turns; these six look the same.
"""

GUIDE_PX = 2
"""Radius of the guided filter, in px of the half-size picture."""

GUIDE_NOISE = 1e-4
"""Variance of the strokes (RGB 0..1) below which the guided filter takes nothing from them."""


def with_flat_areas(
    strokes: Colours,
    keep: Plane,
    areas: Areas,
    pool: Executor,
    forms: Colours | None = None,
) -> Colours:
    """Flatten a picture, except where `keep` (0..1, at half the size) is 1.

    `forms` is what is flattened: the picture at half its size, or one that has the same contours.
    """
    if areas.flatness <= 0:
        return strokes
    half = part(strokes, 0.5)
    forms = half if forms is None else forms
    edge = edge_weight(luma(forms), areas.merge) * (1 - np.float32(0.92) * keep)
    slope, offset = guide(half, flattened(forms, edge))
    share = np.float32(areas.flatness) * (1 - np.float32(0.95) * keep)

    def strip(rows: slice) -> Colours:
        a, b, weight = (fitted_rows(plane, rows, strokes.shape) for plane in (slope, offset, share))
        own = strokes[rows]
        flat = cast(Colours, cv2.multiply(own, a))
        flat += b
        return mix(own, np.clip(flat, 0, 1, out=flat), weight)

    return by_rows(pool, np.empty_like(strokes), strip)


def edge_weight(bright: Plane, merge: float) -> Plane:
    """Say for each pixel how strong a change must be to stay; `bright` is luma."""
    light = ramp(bright, 0.05, 0.45)
    return np.float32(FAINTEST_EDGE * merge) * (
        np.float32(SHADOW_SHARE) + np.float32(1 - SHADOW_SHARE) * light
    )


def flattened(picture: Colours, edge: Plane) -> Colours:
    """Minimise the number of changes, each weighted by `edge`, plus the squared difference to `picture`.

    The transform takes opposite sides for neighbours and is several times slower on lengths with large prime
    factors; a mirrored margin up to the next fast length helps against both.
    """
    height, width = picture.shape[:2]
    size = (cv2.getOptimalDFTSize(height), cv2.getOptimalDFTSize(width))
    laplacian = spectrum(*size)
    channels = planes_of(mirrored(picture, size))
    least = mirrored(edge, size)
    wanted = to_frequencies(channels)
    for penalty in PENALTIES:
        pull = divergence(channels, least * np.float32(1 / penalty))
        share = cast(Plane, 1 / (1 + np.float32(penalty) * laplacian))
        twice = cast(Plane, cv2.merge([share, share]))
        fitted = [
            cast(Plane, cv2.multiply(cv2.scaleAdd(change, penalty, original), twice))
            for change, original in zip(to_frequencies(pull), wanted, strict=True)
        ]
        channels = from_frequencies(fitted)
    return cast(Colours, cv2.merge([channel[:height, :width] for channel in channels]))


def mirrored(plane: Plane, size: tuple[int, int]) -> Plane:
    """Enlarge to a height and width by mirroring the last rows and columns."""
    below, beside = size[0] - plane.shape[0], size[1] - plane.shape[1]
    return cast(Plane, cv2.copyMakeBorder(plane, 0, below, 0, beside, cv2.BORDER_REFLECT))


def planes_of(picture: Colours) -> list[Plane]:
    """Return the channels, one by one."""
    return [cast(Plane, plane) for plane in cv2.split(picture)]


def divergence(channels: Sequence[Plane], least: Plane) -> list[Plane]:
    """Return the divergence of the channels' gradients, less those whose energy is below `least`."""
    across = [following(channel, 1) - channel for channel in channels]
    down = [following(channel, 0) - channel for channel in channels]
    energy = np.zeros_like(least)
    for gradient in (*across, *down):
        cv2.accumulateSquare(gradient, energy)
    stays = (energy >= least).astype(np.float32)
    changes = []
    for x, y in zip(across, down, strict=True):
        x *= stays
        y *= stays
        changes.append(preceding(x, 1) - x + preceding(y, 0) - y)
    return changes


def following(plane: Plane, axis: int) -> Plane:
    """Give each pixel the value of its right (axis 1) or lower (axis 0) neighbour."""
    return np.roll(plane, -1, axis)


def preceding(plane: Plane, axis: int) -> Plane:
    """Give each pixel the value of its left or upper neighbour."""
    return np.roll(plane, 1, axis)


def to_frequencies(channels: Sequence[Plane]) -> list[Plane]:
    """Transform three real planes as two complex ones: filters that are real keep the halves apart."""
    red, green, blue = channels
    pairs = (cv2.merge([red, green]), cv2.merge([blue, np.zeros_like(blue)]))
    return [cast(Plane, cv2.dft(pair)) for pair in pairs]


def from_frequencies(pairs: Sequence[Plane]) -> list[Plane]:
    """Undo `to_frequencies`."""
    flags = cv2.DFT_INVERSE | cv2.DFT_SCALE
    first, second = (planes_of(cast(Colours, cv2.dft(pair, flags=flags))) for pair in pairs)
    return [*first, second[0]]


@lru_cache(maxsize=4)
def spectrum(height: int, width: int) -> Plane:
    """Return the frequencies of the (negated) Laplacian with periodic rims."""
    down, across = (
        (2 - 2 * np.cos(2 * np.pi * np.arange(length) / length)).astype(np.float32)
        for length in (height, width)
    )
    return cast(Plane, down[:, None] + across)


def guide(strokes: Colours, flat: Colours) -> tuple[Colours, Colours]:
    """Find for each pixel and channel the line that turns strokes around it into flat areas."""
    window = (2 * GUIDE_PX + 1,) * 2
    mean, level = (cast(Colours, cv2.blur(picture, window)) for picture in (strokes, flat))
    variance = cast(Colours, cv2.blur(cv2.multiply(strokes, strokes), window)) - mean * mean
    together = cast(Colours, cv2.blur(cv2.multiply(strokes, flat), window)) - mean * level
    slope = together / (variance + np.float32(GUIDE_NOISE))
    offset = level - slope * mean
    return cast(Colours, cv2.blur(slope, (3, 3))), cast(Colours, cv2.blur(offset, (3, 3)))
