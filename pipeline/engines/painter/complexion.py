"""Skin keeps its colour: whatever the palette and the light did to it on the whole is taken back.

Strokes, tones and lines stay; only the slow part of the difference to the photo is removed, where skin is.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from pipeline.engines.painter.planes import Colours, Plane, blur, from_lab, times, to_lab
from pipeline.engines.painter.subject import Subject

REACH = 0.16
"""Over how much of a face's size the difference is averaged."""


def lost_complexion(study: Colours, photo: Colours, subject: Subject, faithful: float) -> Colours:
    """Return what to add to skin, RGB: all of the lightness it lost, and a share of the hue.

    `study` and `photo` are at a quarter of the size.
    """
    if not subject.faces:
        return np.zeros_like(study)
    drift = drift_of(study, photo, subject)
    drift[..., 1:] *= np.float32(faithful)
    return np.clip(from_lab(to_lab(study) + times(drift, subject.skin)), 0, 1) - study


def drift_of(study: Colours, photo: Colours, subject: Subject) -> Colours:
    """Return what skin lost around each spot (Lab, photo less painting), smooth over a face."""
    # The median, so that one face close to the camera does not blur the others' shading away.
    sizes = sorted(face.size for face in subject.faces)
    reach = max(1.0, sizes[len(sizes) // 2] * REACH / 4)
    gap = times(to_lab(photo) - to_lab(study), subject.skin)
    weight = cast(Plane, 1 / (blur(subject.skin, reach) + np.float32(1e-3)))
    return times(blur(gap, reach), weight)
