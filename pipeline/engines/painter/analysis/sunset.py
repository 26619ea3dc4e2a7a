"""Where a sunset or a sunrise is, with its dark and its glowing clouds.

Such a sky has no colour of its own: grey, mauve and orange clouds lie beside blue gaps. What tells it from
walls and curtains is its order: cool at the top, warm and lighter at the foot, over ground that is darker.
The thresholds were set by eye; units are those of CIE Lab, and px are those of the small picture.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.analysis.sky_mask import (
    ROUGHEST,
    Mask,
    from_the_top,
    joined,
    roughness,
    square,
)
from pipeline.engines.painter.arrays import Colours, Plane

DARKEST_CLOUD = 0.24
"""Part of the picture's brightest L: what is darker is a ridge, a tree or a building before the sky."""

LEAF_A, LEAF_B = -12.0, -5.0
"""a and b of green, which no such sky has."""

GLOWING, WARM = 50.0, 14.0
"""L, and the sum of a and b, of the warm light of a low sun."""

BURNING = 45.0
"""The sum of a and b of clouds that the sun shines through: they count however rough they are."""

LEAST_GLOW, WARMER, LIGHTER = 0.08, 18.0, 5.0
"""What such a sky must show: a share of glow, and more warmth (a + b) and L in its lower third than above."""

CLEAR = 80.0
"""Percentile that stands for what shines between the clouds."""

COOL, LEAST_COOL = 30.0, 0.2
"""a + b, and the share of what is cooler in the upper third: lamplit walls and wood are warm throughout."""

KNOWN = 0.6
"""Part of the mask that its blue alone tells; then only glowing clouds are added, no dark spots."""

SMALLEST, LEAST_AT_TOP, MOST_AT_FOOT = 0.08, 0.5, 0.1
"""Parts of the whole picture, of its upper rim and of its lowest tenth."""

BRIGHTER = 8.0
"""L by which the brighter quarter of the sky lies above the ground."""

RIM_PX, AROUND_PX, ROUNDS = 15, 31, 3
"""Width of a cloud's rim, of what a rim is compared to, and how many rims lie behind each other."""

DARKER = 2.0
"""L by which a rim may be darker than all the sky around it; what is darker is a thing."""

SMALLEST_CLOUD_PX, LARGEST_CLOUD = 12, 0.05
"""Area in px, and as a part of the picture, of clouds that the sky surrounds."""

SAME_COLOURS = 8.0
"""a and b by which a cloud may lie outside the range of the sky around."""

GROUND = 0.5
"""Part of the brightest L of a column: a sunset is brightest near the horizon, and below it is ground."""


def sunset_sky(lab: Colours, nobody: Mask, blue_sky: Mask) -> Mask:
    """Find the sky of a small picture of a sunset, clouds included; empty when it shows none.

    `blue_sky` is the part of it that is known already.
    """
    light, a, b = (np.ascontiguousarray(lab[..., at]) for at in range(3))
    darkest = DARKEST_CLOUD * float(np.percentile(light, 99))
    airy = nobody & (light > darkest) & ~((a < LEAF_A) & (b > LEAF_B))
    burning = (light > GLOWING) & (a + b > BURNING)
    mask = from_the_top(airy & ((roughness(lab) < ROUGHEST) | burning)) | blue_sky
    if mask[:2].mean() < LEAST_AT_TOP:
        return np.zeros_like(mask)
    for _ in range(ROUNDS):
        mask |= airy & (rims(mask, light) | islands(mask, lab, darkest))
        beside = cv2.dilate(mask.astype(np.uint8), square(RIM_PX)).astype(np.bool_)
        mask |= joined(airy & burning, airy & burning & beside)
    mask = above_the_ground(mask, light)
    if not sunset_like(mask, light, a + b):
        return np.zeros_like(mask)
    known = float((mask & blue_sky).sum()) > KNOWN * float(mask.sum())
    return mask & glowing(light, a + b) if known else mask


def glowing(light: Plane, warmth: Plane) -> Mask:
    """Tell the warm light of a low sun."""
    return (warmth > WARM) & (light > GLOWING)


def rims(mask: Mask, light: Plane) -> Mask:
    """Find the rims of clouds: gaps in the mask that are no darker than all the sky around them."""
    beyond = np.pad(mask.astype(np.uint8), AROUND_PX, mode="edge")
    closed = cv2.morphologyEx(beyond, cv2.MORPH_CLOSE, square(RIM_PX))
    closed = closed[AROUND_PX:-AROUND_PX, AROUND_PX:-AROUND_PX]
    darkest = cv2.erode(np.where(mask, light, np.float32(100)), square(AROUND_PX))
    return (closed > 0) & (light >= darkest - DARKER)


def islands(mask: Mask, lab: Colours, darkest: float) -> Mask:
    """Find clouds that the mask surrounds; what is dark or has a colour of its own is a bird or a balloon."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    x, y, width, height, area = stats.T
    inside = (x > 0) & (y > 0) & (x + width < mask.shape[1]) & (y + height < mask.shape[0])
    fill = inside & (area >= SMALLEST_CLOUD_PX) & (area < LARGEST_CLOUD * mask.size)
    fill[0] = False
    least, most = np.percentile(lab[mask][:, 1:], (1, 99), axis=0)
    for label in np.flatnonzero(fill):
        box = np.s_[y[label] : y[label] + height[label], x[label] : x[label] + width[label]]
        spots = lab[box][labels[box] == label]
        colour = np.median(spots[:, 1:], axis=0)
        alike = (colour > least - SAME_COLOURS) & (colour < most + SAME_COLOURS)
        fill[label] = np.percentile(spots[:, 0], 10) > darkest + DARKER and alike.all()
    return cast(Mask, fill[labels])


def above_the_ground(mask: Mask, light: Plane) -> Mask:
    """Cut each column below its last spot that is bright beside the brightest of the column."""
    brightest = np.where(mask, light, np.float32(0)).max(0)
    bright = mask & (light > np.float32(GROUND) * brightest)
    to_the_foot = np.maximum.accumulate(bright[::-1], axis=0)[::-1]
    return mask & to_the_foot


def sunset_like(mask: Mask, light: Plane, warmth: Plane) -> bool:
    """Demand of a sunset what rooms, curtains and blurred gardens rarely have all together."""
    if mask.mean() < SMALLEST or mask[-len(mask) // 10 :].mean() > MOST_AT_FOOT:
        return False
    rows = np.flatnonzero(mask.mean(1) > 0.08)
    third = len(rows) // 3
    if third == 0 or glowing(light, warmth)[mask].mean() < LEAST_GLOW:
        return False

    upper, lower = slice(rows[0], rows[third]), slice(rows[-third], rows[-1] + 1)

    def rise(plane: Plane) -> float:
        # Clouds are dark and cool at any height: what shines between them tells.
        above, below = (np.percentile(plane[part][mask[part]], CLEAR) for part in (upper, lower))
        return float(below - above)

    cool = float((warmth < COOL)[upper][mask[upper]].mean())
    brighter = np.percentile(light[mask], 75) > np.median(light[~mask]) + BRIGHTER
    ordered = rise(warmth) > WARMER and rise(light) > LIGHTER
    return ordered and cool > LEAST_COOL and bool(brighter)
