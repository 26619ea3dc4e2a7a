"""Where the subject of a photo is: people, faces and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import Face, FaceFinder, Window
from pipeline.engines.painter.arrays import Colours, Plane, as_colours, blur, ramp, resize, to_lab
from pipeline.engines.painter.canvas import scaled
from pipeline.engines.painter.networks import network

SIDE_PX = 256

GRID = 64
"""Cells per side in which people are counted."""

CLOSER = 0.8
"""Of the picture's long side: a longer cut-out would be seen hardly better than the whole was."""


class PeopleFinder:
    """Finds people. One thread at a time."""

    def __init__(self) -> None:
        self.network = network("selfie_segmentation")

    def matte(self, picture: RGB) -> Plane:
        """Say for each spot of a 256 x 256 picture whether it belongs to a person, 0..1."""
        small = scaled(picture, SIDE_PX, SIDE_PX)
        self.network.setInput(cv2.dnn.blobFromImage(small, 1 / 255))
        return cast(Plane, self.network.forward().reshape(SIDE_PX, SIDE_PX))


def worth_a_look(matte: Plane, picture: RGB) -> list[Window]:
    """Cut out the two largest groups of people, where their heads can be and can be seen better so."""
    height, width = picture.shape[:2]
    cells = (resize(matte, (GRID, GRID)) > 0.4).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(cells)
    groups = sorted(stats[1:].tolist(), key=lambda group: -group[4])[:2]
    cuts = [around(group, width / GRID, height / GRID) for group in groups if group[4] >= GRID / 5]
    return [cut for cut in cuts if max(cut.width, cut.height) < CLOSER * max(width, height)]


def around(group: list[int], cell_width: float, cell_height: float) -> Window:
    """Turn a group of cells into a window with some room, at most 1.5 times as tall as wide."""
    left, top, across, down, _ = group
    x0, y0 = max(0, left - 3), max(0, top - 3)
    x1, y1 = min(GRID, left + across + 3), min(GRID, top + down + 3)
    width, height = (x1 - x0) * cell_width, (y1 - y0) * cell_height
    height = min(height, max(1.5 * width, 0.6 * height))
    return Window(int(x0 * cell_width), int(y0 * cell_height), int(width), int(height))


SCALE = 0.25

FEATURES = (  # point, half width and half height in eye distances
    (0, 0.40, 0.30),
    (1, 0.40, 0.30),
    (2, 0.24, 0.20),
    (3, 0.46, 0.24),
)


HAIR = 40.0
"""L by which hair or a beard is darker than the skin beside it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is in the picture; planes are 0..1, at a quarter of the size: their rims are soft."""

    faces: tuple[Face, ...]
    people: Plane
    head: Plane
    """The faces' ovals."""
    features: Plane
    """Eyes with brows, nose and mouth."""
    small: Plane
    """Faces too small for the fine brush."""
    skin: Plane
    """Skin of the people whose faces were found."""

    @property
    def bare(self) -> Plane:
        """Skin that is large enough for a broad brush."""
        return self.skin * (1 - self.small)


class SubjectDetector:
    """Looks at a photo before it is painted. One thread at a time."""

    def __init__(self) -> None:
        self.faces = FaceFinder()
        self.people = PeopleFinder()

    def look(self, photo: RGB, unit: float) -> Subject:
        """Find people and faces."""
        matte = self.people.matte(photo)
        faces = self.faces.find(photo, worth_a_look(matte, photo))
        shape = tuple(max(1, round(side * SCALE)) for side in photo.shape[:2])
        head, features, small = ovals(faces, shape, unit)
        # Without a face the matte takes animals and towers for people as well: it may hint, not decide.
        people = np.maximum(head, resize(matte, shape) * np.float32(1.0 if faces else 0.4))
        lab = to_lab(as_colours(scaled(photo, *shape)))
        light = no_hair(lab, faces)
        # Hair is painted alike within a face's oval and outside.
        small *= blur(np.maximum(light, features), 1.0)
        skin = skin_like(lab, faces, people, head * light)
        return Subject(tuple(faces), people, head, features, small, skin)


def ovals(faces: Sequence[Face], shape: tuple[int, ...], unit: float) -> tuple[Plane, Plane, Plane]:
    """Draw soft ovals: of heads, of their features, and of the heads that are small."""
    head, features, small = (np.zeros(shape, np.float32) for _ in range(3))
    for face in faces:
        size = face.size * SCALE
        middle = (face.left * SCALE + size * 0.5, face.top * SCALE + size * 0.46)
        axes = (size * 0.52, size * 0.68)
        oval(head, middle, axes, face.tilt, 1.0)
        oval(small, middle, axes, face.tilt, smallness(face, unit))
        for point, across, down in FEATURES:
            reach = (face.eyes_apart * SCALE * across, face.eyes_apart * SCALE * down)
            oval(features, face.points[point] * SCALE, reach, face.tilt, 1.0)
    if not faces:
        return head, features, small
    fine = max(0.6, unit)
    return blur(head, 1.25 * fine), blur(features, fine), blur(small, 0.75 * fine)


def oval(
    plane: Plane,
    middle: Sequence[float] | Plane,
    axes: tuple[float, float],
    tilt: float,
    value: float,
) -> None:
    """Draw a filled, tilted ellipse."""
    box = ((float(middle[0]), float(middle[1])), (2 * axes[0], 2 * axes[1]), tilt)
    cv2.ellipse(plane, box, value, -1)


def smallness(face: Face, unit: float) -> float:
    """Say how far a face is below the size that the fine brush can paint, 0..1."""
    return float(np.clip((170 - face.size / unit) / 90, 0, 1))


def no_hair(lab: Colours, faces: Sequence[Face]) -> Plane:
    """Say where it is not much darker than the skin of every face, 0..1; eyes are dark as well."""
    light = np.zeros(lab.shape[:2], np.float32)
    for face in faces:
        light = np.maximum(light, ramp(lab[..., 0] - tone_of(lab, face)[0], -HAIR, -HAIR / 2))
    return light


def skin_like(lab: Colours, faces: Sequence[Face], people: Plane, head: Plane) -> Plane:
    """Find the skin of people: what has the colour of their faces."""
    skin = np.zeros(people.shape, np.float32)
    for face in faces:
        skin = np.maximum(skin, near_tone(lab, tone_of(lab, face)))
    return blur(np.maximum(skin * people, skin_of_heads(skin, head)), 1.0)


def tone_of(lab: Colours, face: Face) -> Colours:
    """Take the median Lab of a face's cheeks and nose."""
    height, width = lab.shape[:2]
    middle = np.clip(face.points[:4].mean(0) * SCALE, 0, (width - 1, height - 1))
    reach = max(1.0, face.size * 0.22 * SCALE)
    rows = slice(max(0, int(middle[1] - reach)), int(middle[1] + reach) + 1)
    columns = slice(max(0, int(middle[0] - reach)), int(middle[0] + reach) + 1)
    return np.median(lab[rows, columns].reshape(-1, 3), axis=0).astype(np.float32)


def near_tone(lab: Colours, tone: Colours) -> Plane:
    """Say how near each spot is to a skin tone: strict in hue, lenient in lightness."""
    gap = lab - tone
    apart = np.hypot(gap[..., 1], gap[..., 2]) / 11
    return ramp(np.hypot(apart, gap[..., 0] / 30), 1.6, 0.9)


def skin_of_heads(skin: Plane, head: Plane) -> Plane:
    """Count a face's oval as skin even where shade or blush changes its colour, less so beards and hair."""
    return head * (np.float32(0.4) + np.float32(0.6) * skin)
