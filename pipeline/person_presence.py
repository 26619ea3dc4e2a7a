"""Whether a picture shows anybody, told by the person matte and the face finder of the painter."""

from __future__ import annotations

import threading

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import FaceFinder
from pipeline.engines.painter.analysis.subject import PeopleFinder, worth_a_look

SURELY_EMPTY = 0.3
"""A matte whose highest hundredth stays below this shows no person."""

LEAST_FACE = 0.3
"""Certainty of a face from which on somebody may be there."""


class PersonPresence:
    """Looks for people, and takes doubt for a person. Its networks are loaded at the first picture."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._finders: tuple[PeopleFinder, FaceFinder] | None = None

    def possible(self, pixels: RGB) -> bool:
        """Return whether the picture may show a person or a part of one; from any thread."""
        # A network of OpenCV serves one thread at a time.
        with self._lock:
            if self._finders is None:
                self._finders = (PeopleFinder(), FaceFinder())
            people, faces = self._finders
            # A body that fills the picture is found only from further away.
            mattes = [people.matte(pixels), people.matte(from_further_away(pixels))]
            if max(float(np.percentile(matte, 99)) for matte in mattes) >= SURELY_EMPTY:
                return True
            return bool(faces.find(pixels, worth_a_look(mattes[0], pixels), LEAST_FACE))


def from_further_away(pixels: RGB) -> RGB:
    """Lay a grey margin around a picture, half as wide as the picture on each side."""
    down, across = pixels.shape[0] // 2, pixels.shape[1] // 2
    return np.asarray(
        cv2.copyMakeBorder(
            pixels, down, down, across, across, cv2.BORDER_CONSTANT, value=(127, 127, 127)
        ),
        np.uint8,
    )
