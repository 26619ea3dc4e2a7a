"""Portraits of people with any skin: the real ones, re-lit and re-toned to cover the range."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.subject import Subject, SubjectDetector

SKINS = {  # name: CIE L, a, b of the cheek, from very light to very dark
    "porcelain": (84, 8, 14),
    "light": (74, 11, 18),
    "tan": (62, 14, 24),
    "olive": (54, 11, 24),
    "brown": (44, 15, 22),
    "dark": (33, 12, 16),
    "very dark": (23, 8, 10),
}


def with_skin(portrait: RGB, skin: str) -> RGB:
    """Give a portrait's skin another tone; shading and everything else stay."""
    subject = SubjectDetector().look(portrait, 1.0)
    cover = cv2.resize(subject.skin, portrait.shape[1::-1])[..., None]
    lab = lab_of(portrait)
    wanted = np.array(SKINS[skin], np.float32)
    lab += (wanted - face_tone(portrait, subject)) * cover
    rgb = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
    return np.asarray(np.clip(rgb * 255, 0, 255), np.uint8)


def relit(portrait: RGB, gain: float) -> RGB:
    """Take the same portrait in less light."""
    return np.asarray(portrait * gain, np.uint8)


def face_tone(picture: RGB, subject: Subject) -> np.ndarray:
    """Return the median Lab over the middle of the largest face that `subject` has found."""
    face = max(subject.faces, key=lambda found: found.size)
    oval = np.zeros(picture.shape[:2], np.uint8)
    middle = (int(face.left + face.size / 2), int(face.top + face.size / 2))
    cv2.ellipse(oval, middle, (int(face.size * 0.38), int(face.size * 0.48)), 0, 0, 360, 1, -1)
    return np.asarray(np.median(lab_of(picture)[oval > 0], axis=0))


def lab_of(picture: RGB) -> np.ndarray:
    """Bytes -> CIE Lab."""
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB))


def hue_of(tone: np.ndarray) -> float:
    """Degrees."""
    return float(np.degrees(np.arctan2(tone[2], tone[1])))
