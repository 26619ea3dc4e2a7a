"""Skin keeps its colour: whatever the palette and the light did to it on the whole is taken back.

Strokes, tones and lines stay; only the slow part of the difference to the photo is removed, where skin is.
"""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.planes import Colours, blur, from_lab, part, resize, to_lab
from pipeline.engines.painter.subject import Subject


def kept_complexion(picture: Colours, photo: Colours, subject: Subject, faithful: float) -> Colours:
    """Bring skin back to the photo's lightness, and to its hue by the share `faithful`."""
    if not subject.faces:
        return picture
    drift = drift_of(part(picture, 0.25), part(photo, 0.25), subject)
    drift[..., 1:] *= np.float32(faithful)
    lab = to_lab(picture)
    cover = resize(subject.skin, picture.shape)
    lab += resize(drift, picture.shape) * cover[..., None]
    return np.clip(from_lab(lab), 0, 1)


def drift_of(picture: Colours, photo: Colours, subject: Subject) -> Colours:
    """Return what skin lost around each spot (Lab, photo less painting), smooth over a third of a face."""
    gap = to_lab(photo) - to_lab(picture)
    skin = resize(subject.skin, gap.shape)
    sizes = sorted(face.size for face in subject.faces)
    reach = max(1.0, sizes[len(sizes) // 2] * 0.16 / 4)
    return blur(gap * skin[..., None], reach) / (blur(skin, reach) + np.float32(1e-3))[..., None]
