"""Contrast between the tones of one thing, raised before areas are made flat.

Averaging takes contrast from leaves, rocks and grass, and a hazy view or dark cloth has little of it from the
start; flattening would then leave one tone. The difference to an edge-preserving base layer (guided filter,
He 2013) is amplified to what the photo showed there before any averaging, and to a least contrast besides.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from pipeline.engines.painter.analysis.photo_analysis import base_layer
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    blur,
    luma,
    ramp,
    thrice,
    times,
    unit,
    wide_blur,
)

REACH = 12.0
"""Radius in units of the picture: what is wider belongs to the base layer."""

LEAST = 0.09
"""Standard deviation of luma, as a part of the luma there, that a thing with several tones gets at least."""

NOISE = 0.004
"""Standard deviation below which an area is taken for one tone with noise."""

MOST = 2.6
"""Largest factor."""

BLACK = 0.06
"""Luma added where contrast is taken as a part of luma, so that black is not amplified without end."""

LIGHTEST_CLOTH = 0.20
"""Luma of cloth from which its folds show without help."""

CLOTH_LIFT = 0.055
"""Luma that black cloth gains."""

FOLD = 2.5
"""Width of the average that folds are taken from, in units of the picture."""

FOLD_CONTRAST, MOST_IN_FOLDS = 0.036, 7.0
"""Standard deviation of luma that folds get, and the largest factor for it."""


def with_local_contrast(strokes: Colours, photo: Colours, spare: Plane, scale: float) -> Colours:
    """Amplify the tones within things; both pictures are at half size, `spare` (0..1) stays as it is."""
    bright = luma(strokes)
    base = base_layer(bright, REACH * scale / 2)
    tones = bright - base
    has = spread_of(tones, scale)
    wanted = spread_of(luma(photo) - base, scale)
    textured = ramp(has, 0.5 * NOISE, 2 * NOISE)
    least = np.float32(LEAST) * (base + np.float32(BLACK)) * textured
    gain = np.clip(np.maximum(wanted, least) / (has + np.float32(1e-4)), 1, np.float32(MOST)) - 1
    gain *= 1 - spare
    change = 1 + tones * gain / (bright + np.float32(0.02))
    return unit(times(strokes, cast(Plane, np.clip(change, 0.4, 1.9))))


def with_folds(forms: Colours, photo: Colours, cloth: Plane, scale: float) -> Colours:
    """Show the folds of nearly black cloth (`cloth`, 0..1): lift it a little, and spread its tones.

    The photo's tones there are as faint as its noise, so that they are averaged first.
    """
    if not cloth.any():
        return forms
    bright = luma(photo)
    calm = blur(bright, FOLD * scale / 2)
    base = base_layer(calm, 2 * REACH * scale / 2)
    dark = cloth * ramp(base, LIGHTEST_CLOTH, 0.25 * LIGHTEST_CLOTH)
    tones = calm - base
    has = np.sqrt(wide_blur(tones * tones, REACH * scale))
    gain = np.clip(
        np.float32(FOLD_CONTRAST) / (has + np.float32(1e-4)), 1, np.float32(MOST_IN_FOLDS)
    )
    shown = np.clip(tones * gain, -2 * FOLD_CONTRAST, 3 * FOLD_CONTRAST)
    wanted = base + np.float32(CLOTH_LIFT) * ramp(base, LIGHTEST_CLOTH, 0) + shown
    change = (wanted - luma(forms)) * dark
    return unit(forms + thrice(change))


def spread_of(tones: Plane, scale: float) -> Plane:
    """Return the standard deviation of tones around each spot."""
    return cast(Plane, np.sqrt(wide_blur(tones * tones, REACH * scale / 2)))
