"""Where faces are, and where in them eyes, nose and mouth: BlazeFace, full range (Bazarevsky 2019)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.engine import RGB
from pipeline.engines.painter.canvas import scaled
from pipeline.engines.painter.networks import network

Points: TypeAlias = NDArray[np.float32]

SIDE_PX, CELL_PX = 192, 4
"""The network's input, and the grid of places that it looks at."""

OUTPUTS = ["reshaped_regressor_face_4", "reshaped_classifier_face_4"]

SMALLEST_PX = 12


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a picture, px."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Face:
    """One face, in px of the picture it was found in."""

    left: float
    top: float
    size: float
    """Side of the square box, from brow to chin."""
    points: Points
    """6 x 2: right eye, left eye, nose, mouth, right ear, left ear."""
    certainty: float

    @property
    def eyes_apart(self) -> float:
        """Distance of the eyes."""
        return float(np.hypot(*(self.points[0] - self.points[1])))

    @property
    def tilt(self) -> float:
        """Degrees by which the head leans to its left."""
        across = self.points[1] - self.points[0]
        return math.degrees(math.atan2(across[1], across[0]))


class FaceFinder:
    """Finds faces. One thread at a time."""

    def __init__(self) -> None:
        self.network = network("face_detection_full_range")
        places = (np.arange(SIDE_PX // CELL_PX, dtype=np.float32) + 0.5) * CELL_PX / SIDE_PX
        x, y = np.meshgrid(places, places)
        self.anchors = np.stack([x.ravel(), y.ravel()], -1)

    def find(self, picture: RGB, closer: Sequence[Window] = (), least: float = 0.55) -> list[Face]:
        """Find the faces of a picture; `closer` are parts worth a second look."""
        whole = [face for window in windows(picture) for face in self.look(picture, window, least)]
        if not any(face.size > 0.1 * max(picture.shape) for face in whole):
            # A cut-out is easier to mistake for a face than a whole picture.
            for window in closer:
                whole += self.look(picture, window, least + 0.1)
        return one_each(whole)

    def look(self, picture: RGB, window: Window, least: float) -> Iterator[Face]:
        """Find the faces in one window of the picture."""
        square, side = letterboxed(picture, window)
        self.network.setInput(cv2.dnn.blobFromImage(square, 1 / 127.5, mean=(127.5,) * 3))
        boxes, scores = self.network.forward(OUTPUTS)
        certainty = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -80, 80)))
        shift = np.array([window.left, window.top], np.float32)
        shift -= (side - np.array([window.width, window.height], np.float32)) / 2
        for place in np.flatnonzero(certainty > least):
            centre, size, *points = boxes[0, place].reshape(-1, 2) / SIDE_PX
            corner = (centre + self.anchors[place] - size / 2) * side + shift
            yield Face(
                left=float(corner[0]),
                top=float(corner[1]),
                size=float(size.mean() * side),
                points=(np.array(points) + self.anchors[place]) * side + shift,
                certainty=float(certainty[place]),
            )


def windows(picture: RGB) -> list[Window]:
    """Cut a picture into overlapping windows no longer than 1.6 times their width."""
    height, width = picture.shape[:2]
    short, long = sorted((height, width))
    if long <= 1.6 * short:
        return [Window(0, 0, width, height)]
    reach = round(1.5 * short)
    count = math.ceil((long - 0.3 * short) / (reach - 0.3 * short))
    starts = [round(at * (long - reach) / max(1, count - 1)) for at in range(count)]
    if width == long:
        return [Window(start, 0, reach, height) for start in starts]
    return [Window(0, start, width, reach) for start in starts]


def letterboxed(picture: RGB, window: Window) -> tuple[RGB, int]:
    """Fit a window into the network's square; also return the side of that square in px of the picture."""
    rows = slice(window.top, window.top + window.height)
    cut = picture[rows, window.left : window.left + window.width]
    side = max(window.width, window.height)
    scale = SIDE_PX / side
    size = (max(1, round(window.width * scale)), max(1, round(window.height * scale)))
    small = scaled(cut, size[1], size[0])
    square = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    top, left = (SIDE_PX - size[1]) // 2, (SIDE_PX - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square, side


def one_each(faces: Sequence[Face]) -> list[Face]:
    """Keep the surest of faces that overlap, and none too small to be one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.certainty):
        if face.size >= SMALLEST_PX and not any(overlap(face, other) > 0.3 for other in kept):
            kept.append(face)
    return kept


def overlap(one: Face, other: Face) -> float:
    """Say how much of the smaller face's box the other one covers, 0..1."""
    across = min(one.left + one.size, other.left + other.size) - max(one.left, other.left)
    down = min(one.top + one.size, other.top + other.size) - max(one.top, other.top)
    return max(0.0, across) * max(0.0, down) / min(one.size, other.size) ** 2
