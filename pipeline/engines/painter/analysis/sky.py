"""Where the sky is. Only a sky that is certain counts: a painted-over wall is worse than a plain sky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.sky_mask import (
    ROUGHEST,
    Mask,
    blueness,
    convincing,
    down_to_the_sea,
    from_the_top,
    joined,
    may_be_sky,
    open_sky,
    own_colour,
    roughness,
    row_means,
    square,
    whole,
    with_gaps,
)
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.analysis.sunset import sunset_sky
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    as_colours,
    blur,
    luma,
    ramp,
    resize,
    to_lab,
)
from pipeline.engines.painter.canvas import scaled

SIDE_PX = 256
"""The sky is found in a picture this small."""

LARGE_FACE = 0.25
"""Of the picture's height: behind such a face, what is blue is more often a backdrop than a sky."""

DEEP_BLUE = -20.0
"""Lab's b: against so blue a sky, colour alone tells lacework from what shines through it."""

DEEP_RIM_PX, PALE_RIM_PX = 9, 5
"""Width of the rim, in px of the small picture, within which a spot may be a mixture."""

LEAST_MIXED, MOST_MIXED = 0.08, 0.80
"""Shares of sky in a mixture that are taken for none and for all: colours waver that much by themselves."""

FAINT_CONTRAST = 0.004
"""Squared RGB distance of sky and foreground, below which a mixture cannot be told."""

PERSON = 0.5
"""From so much of a matte on, a spot is a person and no sky."""

BROKEN_CLOUDS = 0.06
"""Cloudiness from which a sky is left as it is: between so many clouds no mask is complete."""

BRIGHTER_CLOUD, LEAST_CLEAR = 0.08, 0.08
"""Luma by which a cloud is brighter than the clear sky, and blueness from which that sky tells clouds."""

CLOUD_PX = 8.0
"""Clouds are what varies within so many px of the small picture."""

CLEAR_ROWS = 8.0
"""Over so many rows of the small picture a clear sky's colour is smoothed."""

FADED = 0.2
"""Of the blue at its top: where a sky has less left, it has ended or is haze."""


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
    """How much its blue varies from place to place, 0..1."""
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
        share = cast(Plane, along / (apart + np.float32(FAINT_CONTRAST)))
        rim = ramp(share, LEAST_MIXED, MOST_MIXED) * resize(self.near, photo.shape)
        return cast(Plane, np.maximum(resize(self.inside, photo.shape), rim))


def find_sky(photo: RGB, subject: Subject) -> SkyFound | None:
    """Find the sky of a daylight photo, or None when in doubt."""
    if any(face.size > LARGE_FACE * photo.shape[0] for face in subject.faces):
        return None
    scale = SIDE_PX / max(photo.shape[:2])
    size = (max(8, round(side * scale)) for side in photo.shape[:2])
    small = as_colours(scaled(photo, *size))
    lab = to_lab(small)
    nobody = resize(subject.people, small.shape) < PERSON
    airy = may_be_sky(lab) & (roughness(lab) < ROUGHEST) & nobody
    mask = down_to_the_sea(from_the_top(airy), lab)
    if not convincing(mask, lab):
        return None
    # A pale sky has the colour of white walls: there, texture must tell them apart.
    deep = float(np.median(lab[..., 2][mask])) < DEEP_BLUE
    mask = with_gaps(mask, may_be_sky(lab) if deep else airy, lab)
    hard = mask.astype(np.float32)
    rim_px = DEEP_RIM_PX if deep else PALE_RIM_PX
    around = cast(Plane, cv2.dilate(hard, np.ones((rim_px, rim_px), np.uint8)))
    clear, horizon = clear_colour(small, lab, mask), horizon_of(lab, mask)
    clouds = cloudiness(small, mask | clouds_beside(mask, small, clear, horizon))
    if clouds > BROKEN_CLOUDS or not whole(mask, lab):
        return None
    return SkyFound(
        inside=ramp(blur(hard, 1.2), 0.75, 1.0),
        near=ramp(blur(around, 1.0), 0.1, 0.6),
        colour=own_colour(small, mask),
        before=own_colour(small, ~around.astype(np.bool_)),
        clear=clear,
        cloudiness=clouds,
        horizon=horizon,
    )


def sky_without_contours(photo: RGB, subject: Subject) -> Plane:
    """Say where a photo shows sky and clouds, however uncertain, in which no lines are drawn, 0..1."""
    scale = SIDE_PX / max(photo.shape[:2])
    size = (max(8, round(side * scale)) for side in photo.shape[:2])
    lab = to_lab(as_colours(scaled(photo, *size)))
    nobody = resize(subject.people, lab.shape) < PERSON
    sky = open_sky(lab, nobody)
    sky |= sunset_sky(lab, nobody, sky)
    # The contours of what stands before the sky lie within the rim.
    return np.asarray(cv2.erode(sky.astype(np.uint8), square(3)), np.float32)


def clear_colour(small: Colours, lab: Colours, mask: Mask) -> Colours:
    """Take the bluer part of each row's sky, smooth from row to row."""
    blue = np.ascontiguousarray(lab[..., 2])
    bluer = mask & (blue <= row_means(blue, mask)[:, None])
    weight = mask.mean(1, dtype=np.float32)[:, None]
    rows = np.stack([row_means(small[..., at], bluer) for at in range(3)], -1)
    height = len(mask)
    spread = np.exp(-(((np.arange(height)[:, None] - np.arange(height)) / CLEAR_ROWS) ** 2)) + 1e-6
    clear = spread @ (rows * weight) / (spread @ weight)
    return cast(Colours, clear[:, None].astype(np.float32))


def clouds_beside(mask: Mask, small: Colours, clear: Colours, horizon: float) -> Mask:
    """Find what is brighter and much less blue than the clear sky of its row, and joined to the sky."""
    above = np.arange(len(mask))[:, None] < horizon * len(mask)
    brighter = luma(small) > luma(clear) + BRIGHTER_CLOUD
    faded = blueness(small) < 0.5 * blueness(clear)
    pale = brighter & faded & above & (blueness(clear) > LEAST_CLEAR)
    return pale & joined(pale | mask, mask)


def horizon_of(lab: Colours, mask: Mask) -> float:
    """Find where a sky ends, as a part of the height: where its blue is gone, or where the mask ends.

    Hazy water below a hazy sky looks like more sky; it has lost the blue.
    """
    rows = np.flatnonzero(mask.mean(1) > 0.05)
    blue = -row_means(lab[..., 2], mask)[rows]
    blue = np.convolve(np.pad(blue, 6, "edge"), np.full(13, 1 / 13), "valid")
    faded = np.flatnonzero(blue < FADED * blue[: len(blue) // 3 + 1].max())
    last = rows[faded[0]] if len(faded) else rows[-1]
    return float(last + 1) / len(mask)


def cloudiness(small: Colours, mask: Mask) -> float:
    """Measure how much the blue of a sky varies from place to place; slow gradients do not count."""
    weight = mask.astype(np.float32)
    blue = blueness(small)
    mean = blur(blue * weight, CLOUD_PX) / (blur(weight, CLOUD_PX) + np.float32(1e-3))
    inner = cv2.erode(mask.astype(np.uint8), np.ones((9, 9), np.uint8)).astype(np.bool_)
    return float(np.percentile(np.abs(blue - mean)[inner], 95)) if inner.any() else 0.0
