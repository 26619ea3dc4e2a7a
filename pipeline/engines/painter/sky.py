"""Where the sky is. Only a sky that is certain counts: a painted-over wall is worse than a plain sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.contract import RGB
from pipeline.engines.painter.canvas import scaled
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    as_colours,
    blur,
    ramp,
    resize,
    times,
    to_lab,
    wide_blur,
)
from pipeline.engines.painter.subject import Subject

Mask: TypeAlias = NDArray[np.bool_]

SIDE_PX = 256
"""The sky is found in a picture this small."""

LARGE_FACE = 0.25
"""Of the picture's height: behind such a face, what is blue is more often a backdrop than a sky."""

DARKEST_GROUND = 26.0
"""L of the ground: darker below a bright sky means dusk or dawn, whose colours are kept."""

DEEP_BLUE = -20.0
"""Lab's b: against so blue a sky, colour alone tells lacework from what shines through it."""

GREENEST = -8.0
"""Lab's a: no clear sky by day is as turquoise as that."""


@dataclass(frozen=True, slots=True)
class SkyFound:
    """A daylight sky, as planes of the small picture."""

    inside: Plane
    """Sky for certain, 0..1."""
    near: Plane
    """Where the rim of the sky may still be sky, 0..1."""
    colour: Colours
    """The sky's own colour around each spot, RGB, carried on behind what stands before it."""
    before: Colours
    """The colour of what stands before the sky around each spot, RGB."""
    clear: Colours
    """Its colour without clouds, one per row (H x 1 x 3)."""
    cloudiness: float
    """Spread of its lightness along rows, in units of L."""
    horizon: float
    """Where it ends, as a part of the height."""

    def cover(self, photo: Colours) -> Plane:
        """Say how much of each spot of `photo`, of any size, is sky.

        Near the rim a spot is taken for a mixture of the sky's and the foreground's colour around it.
        """
        before = resize(self.before, photo.shape)
        contrast = resize(self.colour, photo.shape) - before
        along = np.einsum("...c,...c->...", photo - before, contrast)
        apart = np.einsum("...c,...c->...", contrast, contrast)
        share = cast(Plane, along / (apart + np.float32(0.004)))
        rim = ramp(share, 0.08, 0.80) * resize(self.near, photo.shape)
        return cast(Plane, np.maximum(resize(self.inside, photo.shape), rim))


def find_sky(photo: RGB, subject: Subject) -> SkyFound | None:
    """Find the sky of a daylight photo, or None when in doubt."""
    if any(face.size > LARGE_FACE * photo.shape[0] for face in subject.faces):
        return None
    scale = SIDE_PX / max(photo.shape[:2])
    size = (max(8, round(side * scale)) for side in photo.shape[:2])
    small = as_colours(scaled(photo, *size))
    lab = to_lab(small)
    airy = may_be_sky(lab) & (roughness(lab) < 2.2) & (resize(subject.people, small.shape) < 0.5)
    mask = down_to_the_sea(from_the_top(airy), lab)
    if not convincing(mask, lab):
        return None
    # A pale sky has the colour of white walls: there, texture must tell them apart.
    deep = float(np.median(lab[..., 2][mask])) < DEEP_BLUE
    mask = with_gaps(mask, may_be_sky(lab) if deep else airy, lab)
    hard = mask.astype(np.float32)
    rim = np.ones((9, 9) if deep else (5, 5), np.uint8)
    around = cast(Plane, cv2.dilate(hard, rim))
    return SkyFound(
        inside=ramp(blur(hard, 1.2), 0.75, 1.0),
        near=ramp(blur(around, 1.0), 0.1, 0.6),
        colour=own_colour(small, mask),
        before=own_colour(small, ~around.astype(np.bool_)),
        clear=clear_colour(small, lab, mask),
        cloudiness=cloudiness(lab, mask),
        horizon=horizon_of(lab, mask),
    )


def may_be_sky(lab: Colours) -> Mask:
    """Tell sky colours: blue of any strength that is bright, or pale without warmth."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    blue = (b < -5) & (a < 0.4 * -b) & (a > 1.2 * b) & (lightness > 35)
    pale = (lightness > 66) & (b < 4) & (np.abs(a) < 7)
    return blue | pale


def roughness(lab: Colours) -> Plane:
    """Measure fine texture in units of L; clouds have little, walls and water have more."""
    bright = np.ascontiguousarray(lab[..., 0])
    return blur(np.abs(bright - blur(bright, 1.5)), 1.5)


def from_the_top(airy: Mask) -> Mask:
    """Keep what is joined to the upper rim over some width."""
    tidy = cv2.morphologyEx(airy.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(tidy, connectivity=4)
    keep = np.zeros(count, np.bool_)
    for label in range(1, count):
        touch = float((labels[:2] == label).mean())
        keep[label] = touch > 0.08 and stats[label][cv2.CC_STAT_AREA] > 0.02 * airy.size
    return cast(Mask, keep[labels])


def down_to_the_sea(mask: Mask, lab: Colours) -> Mask:
    """Cut a mask where a straight horizon crosses it: a sudden drop of lightness along a whole row."""
    rows = np.flatnonzero(mask.mean(1) > 0.5)
    if len(rows) < 12:
        return mask
    bright = row_means(lab[..., 0], mask)[rows]
    drop = bright[:-4] - bright[4:]
    worst = int(drop.argmax())
    if worst < 6 or drop[worst] < 6:
        return mask
    cut = mask.copy()
    cut[rows[worst + 2] :] = False
    return cut


def convincing(mask: Mask, lab: Colours) -> bool:
    """Demand of a sky what walls, water and backdrops rarely have all together."""
    height = len(mask)
    if mask.mean() < 0.05 or mask[: max(2, height // 10)].mean() < 0.3:
        return False
    if mask[-height // 10 :].mean() > 0.4 or np.median(lab[..., 1][mask]) < GREENEST:
        return False
    blue = float(np.percentile(-lab[..., 2][mask], 75))
    fade = fading(mask, lab)
    above = float(np.median(lab[..., 0][mask]))
    below = float(np.median(lab[..., 0][~mask]))
    by_day = above > 38 and below > DARKEST_GROUND
    return by_day and blue > 7 and fade > 1.5 and (above > below + 4 or (blue > 25 and fade > 4))


def fading(mask: Mask, lab: Colours) -> float:
    """Measure how much blue is lost towards the horizon, in Lab's b.

    Light scattered by air pales like that; paint, cloth and water do not.
    """
    rows = np.flatnonzero(mask.mean(1) > 0.08)
    if len(rows) < 12:
        return 0.0
    blue = -row_means(lab[..., 2], mask)[rows]
    third = len(rows) // 3
    return float(blue[:third].mean() - blue[-third:].mean())


def with_gaps(mask: Mask, airy: Mask, lab: Colours) -> Mask:
    """Add clouds and birds that the mask surrounds, and sky seen through arches and branches."""
    height = len(mask)
    filled = closed(mask)
    rows = np.flatnonzero(mask.mean(1) > 0.02)
    above = np.arange(height)[:, None] <= rows[-1]
    model = own_colour(lab, mask)
    near = distance(lab, model) < 12
    return cast(Mask, filled | (near & airy & above))


def closed(mask: Mask) -> Mask:
    """Fill small holes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    fill = np.zeros(count, np.bool_)
    for label in range(1, count):
        x, y, w, h, area = stats[label]
        inside = x > 0 and y + h < mask.shape[0] and x + w < mask.shape[1]
        fill[label] = inside and area < 0.004 * mask.size
    return cast(Mask, mask | fill[labels])


def own_colour(small: Colours, mask: Mask) -> Colours:
    """Spread the sky's colours to where something stands before it."""
    weight = mask.astype(np.float32)
    total, weights = np.zeros_like(small), np.full(mask.shape, 1e-6, np.float32)
    for sigma, share in ((3.0, 1.0), (12.0, 0.05), (48.0, 0.002)):
        total += wide_blur(times(small, weight), sigma) * np.float32(share)
        weights += wide_blur(weight, sigma) * np.float32(share)
    return times(total, cast(Plane, 1 / weights))


def distance(one: Colours, other: Colours) -> Plane:
    """Measure how far two pictures differ at each spot."""
    gap = one - other
    return cast(Plane, np.sqrt(np.einsum("...c,...c->...", gap, gap)))


def clear_colour(small: Colours, lab: Colours, mask: Mask) -> Colours:
    """Take the bluer part of each row's sky, smooth from row to row."""
    blue = np.ascontiguousarray(lab[..., 2])
    bluer = mask & (blue <= row_means(blue, mask)[:, None])
    weight = mask.mean(1, dtype=np.float32)[:, None]
    rows = np.stack([row_means(small[..., at], bluer) for at in range(3)], -1)
    height = len(mask)
    spread = np.exp(-(((np.arange(height)[:, None] - np.arange(height)) / 8.0) ** 2)) + 1e-6
    clear = spread @ (rows * weight) / (spread @ weight)
    return cast(Colours, clear[:, None].astype(np.float32))


def row_means(plane: Plane, mask: Mask) -> Plane:
    """Average each row over the mask; 0 where it has none."""
    total = np.where(mask, plane, np.float32(0)).sum(1)
    return cast(Plane, total / np.maximum(mask.sum(1), 1).astype(np.float32))


def horizon_of(lab: Colours, mask: Mask) -> float:
    """Find where a sky ends, as a part of the height: where its blue is gone, or where the mask ends.

    Hazy water below a hazy sky looks like more sky; it has lost the blue.
    """
    rows = np.flatnonzero(mask.mean(1) > 0.05)
    blue = -row_means(lab[..., 2], mask)[rows]
    blue = np.convolve(np.pad(blue, 6, "edge"), np.full(13, 1 / 13), "valid")
    faded = np.flatnonzero(blue < 0.2 * blue[: len(blue) // 3 + 1].max())
    last = rows[faded[0]] if len(faded) else rows[-1]
    return float(last + 1) / len(mask)


def cloudiness(lab: Colours, mask: Mask) -> float:
    """Measure how much a sky varies along its rows: a plain gradient, hazy or not, does not."""
    bright = np.ascontiguousarray(lab[..., 0])
    away = bright - row_means(bright, mask)[:, None]
    spread = np.sqrt(row_means(away * away, mask))
    wide = mask.sum(1) >= 8
    return float(spread[wide].mean()) if wide.any() else 0.0
