"""What a portrait painter adds to a face at last: a little blush, and eyes a little larger."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from pipeline.engines.painter.faces import Face, Points
from pipeline.engines.painter.planes import Colours, blur, look_up
from pipeline.styles import Light

BLUSH = (1.06, 0.86, 0.88)
"""Multiplies a cheek's RGB: on dark skin as on light skin it warms, and never whitens."""


def touched_up(picture: Colours, faces: Sequence[Face], light: Light, unit: float) -> Colours:
    """Add blush and enlarge eyes, for faces that are large enough to show it."""
    out = picture
    for face in faces:
        if face.eyes_apart < 20 * unit or face.eyes_apart < 16:
            continue
        for eye in (0, 1):
            out = blushed(out, face, eye, light.blush)
        for eye in (0, 1):
            out = enlarged(out, face.points[eye], 0.42 * face.eyes_apart, light.eyes)
    return out


def blushed(picture: Colours, face: Face, eye: int, amount: float) -> Colours:
    """Warm the cheek below one eye, and away from the nose."""
    if amount <= 0:
        return picture
    points = face.points
    cheek = points[eye] * 0.6 + points[3] * 0.4 + (points[eye] - points[2]) * 0.22
    patch, rows, columns = cut(picture, cheek, 0.6 * face.eyes_apart)
    if patch.size == 0:
        return picture
    middle = cheek - np.array([columns.start, rows.start])
    spot = np.zeros(patch.shape[:2], np.float32)
    box = (0.46 * face.eyes_apart, 0.30 * face.eyes_apart)
    cv2.ellipse(spot, ((float(middle[0]), float(middle[1])), box, face.tilt), 1.0, -1)
    share = blur(spot, 0.09 * face.eyes_apart) * np.float32(amount)
    picture[rows, columns] = np.minimum(
        patch * (1 + (np.array(BLUSH, np.float32) - 1) * share[..., None]), 1
    )
    return picture


def enlarged(picture: Colours, eye: Points, reach: float, amount: float) -> Colours:
    """Magnify around an eye, most in its middle and not at all at `reach` px."""
    patch, rows, columns = cut(picture, eye, reach)
    if amount <= 0 or patch.size == 0:
        return picture
    x = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(eye[0])
    y = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(eye[1])
    away = np.clip(np.hypot(x, y) / np.float32(reach), 0, 1)
    pull = np.float32(-amount) * np.square(1 - away * away)
    from_x = x + x * pull - np.float32(columns.start) + np.float32(eye[0])
    from_y = y + y * pull - np.float32(rows.start) + np.float32(eye[1])
    picture[rows, columns] = look_up(patch.copy(), from_x, from_y, cv2.INTER_LINEAR)
    return picture


def cut(picture: Colours, middle: Points, reach: float) -> tuple[Colours, slice, slice]:
    """Cut a square around a spot, as far as it lies within the picture."""
    height, width = picture.shape[:2]
    left, top = (max(0, int(at - reach)) for at in middle)
    right, bottom = (max(0, int(at + reach) + 2) for at in middle)
    rows, columns = slice(top, min(bottom, height)), slice(left, min(right, width))
    return picture[rows, columns], rows, columns
