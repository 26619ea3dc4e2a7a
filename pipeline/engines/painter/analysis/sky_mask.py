"""Which spots of a small picture are sky, and whether they are convincing.

The thresholds were set by eye, on photos of skies, walls, backdrops, water and dusk; they lean to missing a
sky. Units are those of CIE Lab where nothing else is said.
"""

from __future__ import annotations

from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.engines.painter.arrays import Colours, Plane, blur, magnitude, times, wide_blur

Mask: TypeAlias = NDArray[np.bool_]

FAINTEST_BLUE, DARKEST_BLUE = -5.0, 35.0
"""b and L of what may be sky because it is blue."""

PALE, WARMEST, MOST_TINGED = 66.0, 4.0, 7.0
"""L, b, and a to either side, of what may be sky because it is pale: haze and clouds."""

ROUGHEST = 2.2
"""L by which spots differ from those beside them: clouds stay below, most walls and water do not."""

CALMEST, CALM_SHARE, BUSY_SHARE = 0.8, 0.3, 0.6
"""Roughness that counts as texture, and shares of textured spots: a calm sky has fewer, ground has more."""

DARKER_THAN_CLOUDS = 10.0
"""L by which ground lies below what a cloud of the same blue would have."""

GROUND_PX = 21
"""Distant ground is at least so high and wide, in px of the small picture."""

WHITE, MOST_TINGED_WHITE = 82.0, 12.0
"""L and chroma of the white of clouds."""

SHORTEST_TOUCH, SMALLEST_PART = 0.08, 0.02
"""Of the upper rim, and of the picture: less is a window or a reflection, not a part of the sky."""

FEWEST_ROWS = 12
"""Fewer rows of the small picture do not show how a sky changes downwards."""

SEA_DROP = 6.0
"""L lost within four rows where a sky ends at a sea; within a sky such a step does not occur."""

SMALLEST_SKY, LEAST_AT_TOP, MOST_AT_FOOT = 0.05, 0.3, 0.4
"""Parts of the whole picture, of its upper tenth and of its lowest tenth.

A sky that reaches the foot of a picture is more often a backdrop or water.
"""

GREENEST = -8.0
"""Lab's a: no clear sky by day is as turquoise as that."""

DARKEST_SKY, DARKEST_GROUND = 38.0, 26.0
"""L: a darker sky is night; darker ground below a bright one is dusk or dawn, whose colours are kept."""

LEAST_BLUE, LEAST_FADE, BRIGHTER = 7.0, 1.5, 4.0
"""What any sky must show: this much blue, as much of it lost downwards, and L above the ground's."""

SUMMER_BLUE, SUMMER_FADE = 25.0, 4.0
"""A sky as blue and fading as that may be darker than the ground, as over snow and sunlit walls."""

SAME_SKY = 12.0
"""Distance from the sky's colour around, up to which a gap between branches shows the same sky."""

SOME_BLUE = 0.12
"""Part of a bright region at the upper rim that must be blue: a white wall has none."""

SURELY_BLUE = -14.0
"""b of what shows that a sky goes on where its mask does not."""

MOST_LEFT_OUT = 0.05
"""Of a mask: where so much more sky lies beside it, as between broken clouds, the sky is left as it is."""

LARGEST_HOLE = 0.004
"""Of the picture: larger holes in a mask are things, smaller ones birds and shreds of cloud."""


def may_be_sky(lab: Colours) -> Mask:
    """Tell sky colours: blue of any strength that is bright, or pale without warmth."""
    lightness, a, b = lab[..., 0], lab[..., 1], lab[..., 2]
    towards_red, towards_green = 0.4, 1.2
    blue = (b < FAINTEST_BLUE) & (a < towards_red * -b) & (a > towards_green * b)
    pale = (lightness > PALE) & (b < WARMEST) & (np.abs(a) < MOST_TINGED)
    return blue & (lightness > DARKEST_BLUE) | pale


def open_sky(lab: Colours, nobody: Mask) -> Mask:
    """Find all that may be a day's sky with its clouds: nobody draws contours there.

    A wall that is taken for sky loses no more than contours within it.
    """
    rough = roughness(lab)
    busy = blur((rough > CALMEST).astype(np.float32), 4.0)
    airy = may_be_sky(lab) | deep_blue(lab) & (busy < CALM_SHARE)
    loose = (airy & nobody & ~distant_ground(lab, rough, busy)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(loose, connectivity=4)
    blue = lab[..., 2] < FAINTEST_BLUE
    keep = np.zeros(count, np.bool_)
    for label in np.unique(labels[:2]):
        area = stats[label][cv2.CC_STAT_AREA]
        blueness = float(blue[labels == label].mean())
        keep[label] = label > 0 and area > SMALLEST_PART * loose.size and blueness > SOME_BLUE
    sky = cv2.morphologyEx(keep[labels].astype(np.uint8), cv2.MORPH_CLOSE, square(5))
    return sky.astype(np.bool_)


def roughness(lab: Colours) -> Plane:
    """Measure fine texture in units of L; clouds have little, walls and water have more."""
    bright = np.ascontiguousarray(lab[..., 0])
    return blur(np.abs(bright - blur(bright, 1.5)), 1.5)


def deep_blue(lab: Colours) -> Mask:
    """Find blues that are too dark or too violet to be sky for certain, as overhead in mountains."""
    return (lab[..., 2] < SURELY_BLUE) & (lab[..., 1] < -0.75 * lab[..., 2]) & (lab[..., 0] > 20)


def distant_ground(lab: Colours, rough: Plane, busy: Plane) -> Mask:
    """Find mountains that have the colour of the sky: textured over some width, and darker than any cloud.

    The rim of a cloud is rough as well, but narrow, white is beside it, and the less blue, the lighter it is.
    """
    ground = cv2.morphologyEx((busy > BUSY_SHARE).astype(np.uint8), cv2.MORPH_CLOSE, square(13))
    ground = cv2.morphologyEx(ground, cv2.MORPH_OPEN, square(GROUND_PX))
    chroma = magnitude(lab[..., 1], lab[..., 2])
    white = (lab[..., 0] > WHITE) & (chroma < MOST_TINGED_WHITE) & (rough > CALMEST)
    beside = cv2.dilate(white.astype(np.uint8), square(13)).astype(np.bool_)
    dark = blur(lab[..., 0] - cloud_lightness(lab, busy), 3.0) < -DARKER_THAN_CLOUDS
    ground = (ground.astype(np.bool_) & ~beside & dark).astype(np.uint8)
    ground = cv2.morphologyEx(ground, cv2.MORPH_OPEN, square(9))
    # The contour of a ridge lies within the rim.
    return cast(Mask, cv2.dilate(ground, square(7)).astype(np.bool_))


def cloud_lightness(lab: Colours, busy: Plane) -> Plane:
    """Return the L that a mixture of the calm sky and white would have, told by its blue."""
    calm = may_be_sky(lab) & (busy < CALM_SHARE)
    if not calm.any():
        return np.full(busy.shape, WHITE, np.float32)
    lightness, blue = (float(np.median(lab[..., at][calm])) for at in (0, 2))
    white = np.clip(1 - lab[..., 2] / np.float32(min(blue, -1.0)), 0, 1)
    return cast(Plane, np.float32(lightness) + white * np.float32(max(0.0, 95 - lightness)))


def square(side_px: int) -> NDArray[np.uint8]:
    """Return a brush for morphology."""
    return np.ones((side_px, side_px), np.uint8)


def from_the_top(airy: Mask) -> Mask:
    """Keep what is joined to the upper rim over some width."""
    tidy = cv2.morphologyEx(airy.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(tidy, connectivity=4)
    keep = np.zeros(count, np.bool_)
    for label in range(1, count):
        touch = float((labels[:2] == label).mean())
        large = stats[label][cv2.CC_STAT_AREA] > SMALLEST_PART * airy.size
        keep[label] = large and touch > SHORTEST_TOUCH
    return cast(Mask, keep[labels])


def down_to_the_sea(mask: Mask, lab: Colours) -> Mask:
    """Cut a mask where a straight horizon crosses it: a sudden drop of lightness along a whole row."""
    rows = np.flatnonzero(mask.mean(1) > 0.5)
    if len(rows) < FEWEST_ROWS:
        return mask
    bright = row_means(lab[..., 0], mask)[rows]
    # Over four rows, since a distant shore is blurred.
    drop = bright[:-4] - bright[4:]
    worst = int(drop.argmax())
    if worst < FEWEST_ROWS // 2 or drop[worst] < SEA_DROP:
        return mask
    cut = mask.copy()
    cut[rows[worst + 2] :] = False
    return cut


def convincing(mask: Mask, lab: Colours) -> bool:
    """Demand of a sky what walls, water and backdrops rarely have all together."""
    height = len(mask)
    top, foot = mask[: max(2, height // 10)], mask[-height // 10 :]
    if mask.mean() < SMALLEST_SKY or top.mean() < LEAST_AT_TOP or foot.mean() > MOST_AT_FOOT:
        return False
    if np.median(lab[..., 1][mask]) < GREENEST:
        return False
    blue = float(np.percentile(-lab[..., 2][mask], 75))
    fade = fading(mask, lab)
    above = float(np.median(lab[..., 0][mask]))
    below = float(np.median(lab[..., 0][~mask]))
    by_day = above > DARKEST_SKY and below > DARKEST_GROUND
    if not by_day or blue < LEAST_BLUE or fade < LEAST_FADE:
        return False
    return above > below + BRIGHTER or (blue > SUMMER_BLUE and fade > SUMMER_FADE)


def whole(mask: Mask, lab: Colours) -> bool:
    """Demand that a mask takes in nearly all of the blue that it touches: half a sky shows a border.

    Very dark or rough parts of a sky, which the mask leaves out, count here.
    """
    a, b = lab[..., 1], lab[..., 2]
    above = np.arange(len(mask))[:, None] <= np.flatnonzero(mask.any(1))[-1]
    blue = (b < SURELY_BLUE) & (a < 0.7 * -b) & above
    left_out = joined(blue | mask, mask) & ~mask
    return float(left_out.sum()) < MOST_LEFT_OUT * float(mask.sum())


def joined(parts: Mask, core: Mask) -> Mask:
    """Keep the parts that touch the core or lie within it."""
    _, labels = cv2.connectedComponents(parts.astype(np.uint8))
    return np.isin(labels, np.unique(labels[core])) & parts


def fading(mask: Mask, lab: Colours) -> float:
    """Measure how much blue is lost towards the horizon, in Lab's b.

    Light scattered by air pales like that; paint, cloth and water do not.
    """
    rows = np.flatnonzero(mask.mean(1) > 0.08)
    if len(rows) < FEWEST_ROWS:
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
    near = distance(lab, model) < SAME_SKY
    return cast(Mask, filled | (near & airy & above))


def closed(mask: Mask) -> Mask:
    """Fill small holes."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8))
    fill = np.zeros(count, np.bool_)
    for label in range(1, count):
        x, y, w, h, area = stats[label]
        inside = x > 0 and y + h < mask.shape[0] and x + w < mask.shape[1]
        fill[label] = inside and area < LARGEST_HOLE * mask.size
    return cast(Mask, mask | fill[labels])


def own_colour(small: Colours, mask: Mask) -> Colours:
    """Spread the sky's colours to where something stands before it."""
    weight = mask.astype(np.float32)
    total, weights = np.zeros_like(small), np.full(mask.shape, 1e-6, np.float32)
    for sigma, share in ((3.0, 1.0), (12.0, 0.05), (48.0, 0.002)):
        total += wide_blur(times(small, weight), sigma) * np.float32(share)
        weights += wide_blur(weight, sigma) * np.float32(share)
    return times(total, cast(Plane, 1 / weights))


def blueness(colours: Colours) -> Plane:
    """Say how much more blue than red and green a colour has, -1..1; white clouds have none."""
    return cast(Plane, cv2.transform(colours, np.array([[-0.5, -0.5, 1.0]], np.float32)))


def distance(one: Colours, other: Colours) -> Plane:
    """Measure how far two pictures differ at each spot."""
    gap = one - other
    return cast(Plane, np.sqrt(np.einsum("...c,...c->...", gap, gap)))


def row_means(plane: Plane, mask: Mask) -> Plane:
    """Average each row over the mask; 0 where it has none."""
    total = np.where(mask, plane, np.float32(0)).sum(1)
    return cast(Plane, total / np.maximum(mask.sum(1), 1).astype(np.float32))
