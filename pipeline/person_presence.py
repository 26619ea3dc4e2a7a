"""Detects whether a picture may show a person, with the painter's person matte and face detector."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import FaceFinder
from pipeline.engines.painter.analysis.subject import PeopleFinder, worth_a_look

SURELY_EMPTY = 0.3
"""A matte whose 99th percentile is below this shows no person."""

LEAST_FACE = 0.3
"""Minimum confidence of a face detection."""


class PersonPresence:
    """Looks for people; doubtful cases count as people. Its networks are loaded at the first picture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finders: tuple[PeopleFinder, FaceFinder] | None = None

    def possible(self, pixels: RGB) -> bool:
        """Return whether a picture (H x W x 3 uint8 RGB) may show a person or a part of one. Thread-safe."""
        # OpenCV's networks are not thread-safe.
        with self._lock:
            if self._finders is None:
                self._finders = (PeopleFinder(), FaceFinder())
            people, faces = self._finders
            # A body that fills the picture is found only if it is made smaller.
            mattes = [people.matte(pixels), people.matte(from_further_away(pixels))]
            if max(float(np.percentile(matte, 99)) for matte in mattes) >= SURELY_EMPTY:
                return True
            return bool(faces.find(pixels, worth_a_look(mattes[0], pixels), LEAST_FACE))


def from_further_away(pixels: RGB) -> RGB:
    """Add a grey margin around a picture: on each side half of the picture's width or height."""
    down, across = pixels.shape[0] // 2, pixels.shape[1] // 2
    return np.asarray(
        cv2.copyMakeBorder(
            pixels, down, down, across, across, cv2.BORDER_CONSTANT, value=(127, 127, 127)
        ),
        np.uint8,
    )
