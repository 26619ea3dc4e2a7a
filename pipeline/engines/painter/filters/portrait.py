"""What a portrait painter adds to a face at last: a little blush, and eyes a little larger.

Skin keeps its colour: whatever the palette and the light did to it on the whole is taken back.

Strokes, tones and lines stay; only the slow part of the difference to the photo is removed, where skin is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import Face, Points
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    blur,
    from_lab,
    luma,
    ramp,
    resize,
    times,
    to_lab,
    wide_blur,
)

BLUSH = (0.06, -0.14, -0.12)
"""Changes a cheek's RGB by these parts: it warms dark skin as it does light skin, and whitens none."""

SCALE = 0.25
"""Of the preview that blush is worked out on."""


def large_enough(faces: Sequence[Face], scale: float) -> Iterator[Face]:
    """Choose the faces on which blush and eyes can be seen."""
    return (face for face in faces if face.eyes_apart > max(16.0, 20 * scale))


def blush(preview: Colours, faces: Sequence[Face], amount: float, scale: float) -> Colours:
    """Return what to add to cheeks, RGB, at a quarter of the size."""
    cheeks = np.zeros(preview.shape[:2], np.float32)
    for face in large_enough(faces, scale):
        for eye in face.points[:2]:
            dab(cheeks, face, eye)
    share = cheeks * np.float32(amount)
    change = [preview[..., at] * share * np.float32(part) for at, part in enumerate(BLUSH)]
    return cast(Colours, cv2.merge(change))


def dab(cheeks: Colours, face: Face, eye: Points) -> None:
    """Set a soft spot below one eye and away from the nose."""
    middle = (eye * 0.6 + face.points[3] * 0.4 + (eye - face.points[2]) * 0.22) * SCALE
    apart = face.eyes_apart * SCALE
    spot = np.zeros_like(cheeks)
    box = ((float(middle[0]), float(middle[1])), (0.46 * apart, 0.30 * apart), face.tilt)
    cv2.ellipse(spot, box, 1.0, -1)
    np.maximum(cheeks, blur(spot, 0.09 * apart), out=cheeks)


def with_larger_eyes(picture: RGB, faces: Sequence[Face], amount: float, scale: float) -> None:
    """Magnify eyes in place, most in their middle and not at all at their rim."""
    for face in large_enough(faces, scale):
        for eye in face.points[:2]:
            magnify(picture, eye, 0.42 * face.eyes_apart, amount)


def magnify(picture: RGB, middle: Points, reach: float, amount: float) -> None:
    """Magnify a round patch of the picture in place, as far as it lies within."""
    rows, columns = (
        span(middle[1], reach, picture.shape[0]),
        span(middle[0], reach, picture.shape[1]),
    )
    patch = picture[rows, columns]
    if patch.size == 0 or amount <= 0:
        return
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(middle[0])
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(middle[1])
    away = np.minimum(np.hypot(x, y) / np.float32(reach), 1)
    pull = np.float32(-amount) * np.square(1 - away * away)
    beside = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP
    # A copy, since remap must not read what it has just written.
    seen = cv2.remap(patch.copy(), x * pull, y * pull, beside, borderMode=cv2.BORDER_REPLICATE)
    picture[rows, columns] = seen


def span(middle: float, reach: float, length: int) -> slice:
    """Give the rows or columns within reach, as far as there are any."""
    start = max(0, int(middle - reach))
    return slice(start, max(start, min(length, int(middle + reach) + 2)))


FAINT_FEATURE, PLAIN_FEATURE = 0.10, 0.42
"""How much darker than the skin around it, as a part of that, a spot is inked, and is inked most."""


def draw_features(ink: Plane, photo: Colours, subject: Subject, amount: float) -> None:
    """Ink brows, lashes, nostrils and the line of the mouth in place: what is darker than the skin around.

    `photo` is as large as `ink`; `amount` is the greatest cover, 0..1.
    """
    height, width = ink.shape
    features = resize(subject.features, ink.shape)
    for face in subject.faces:
        reach = 1.3 * face.eyes_apart
        x, y = face.points[:4].mean(0)
        rows, columns = span(y, reach, height), span(x, reach, width)
        if rows.stop - rows.start < 8 or columns.stop - columns.start < 8:
            continue
        bright = luma(photo[rows, columns])
        skin = wide_blur(bright, 0.28 * face.eyes_apart)
        darker = (skin - bright) / (skin + np.float32(0.03))
        cover = ramp(darker, FAINT_FEATURE, PLAIN_FEATURE) * features[rows, columns]
        ink[rows, columns] = np.maximum(ink[rows, columns], cover * np.float32(amount))


REACH = 0.16
"""Over how much of a face's size the difference is averaged."""


CONTRAST_KEPT = 0.9
"""Share of the contrast of eyes, nose and mouth that no palette and no paper takes away."""


def lost_complexion(
    preview: Colours, photo: Colours, subject: Subject, faithful: float, lightness: float = 1.0
) -> Colours:
    """Return what to add to skin, RGB: a share of the lightness it lost, and of the hue (`faithful`).

    Features get most of their contrast back besides.

    `preview` and `photo` are at a quarter of the size.
    """
    if not subject.faces:
        return np.zeros_like(preview)
    lab = to_lab(preview)
    gap = to_lab(photo) - lab
    drift = drift_of(gap, subject)
    # A face too small for the brush lives from its contrast as a whole, a large one from its features'.
    fine = np.maximum(subject.features, np.float32(0.9) * subject.small) * np.float32(CONTRAST_KEPT)
    faded = (gap[..., 0] - drift[..., 0]) * fine
    drift[..., :1] *= np.float32(lightness)
    drift[..., 1:] *= np.float32(faithful)
    lab += times(drift, subject.skin)
    lab[..., 0] += faded
    return np.clip(from_lab(lab), 0, 1) - preview


def drift_of(gap: Colours, subject: Subject) -> Colours:
    """Return what skin lost around each spot, smooth over a face; `gap` is photo less painting, Lab."""
    # The median, so that one face close to the camera does not blur the others' shading away.
    sizes = sorted(face.size for face in subject.faces)
    reach = max(1.0, sizes[len(sizes) // 2] * REACH / 4)
    weight = cast(Plane, 1 / (blur(subject.skin, reach) + np.float32(1e-3)))
    return times(blur(times(gap, subject.skin), reach), weight)
