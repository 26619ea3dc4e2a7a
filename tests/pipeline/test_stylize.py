"""The pipeline for one photo: safety checks, declared maker, removed metadata."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pipeline.engine import RGB, ProgressCallback, RenderJob
from pipeline.errors import PaintingFailed, PhotoRefused
from pipeline.safety import SafetyUnavailable, Screen, Thresholds
from pipeline.styles import Style
from pipeline.stylize import stylize
from tests.pipeline.photographs import encoded, landscape


class Inverter:
    """An engine that inverts the colours."""

    name = "painter"
    version = "1"
    threads = 1
    model_name = "echo"
    follows_words = False

    def warm_up(self) -> None: ...

    def bucket(self, width_px: int, height_px: int) -> str:
        return f"{width_px}x{height_px}"

    def capacity(self, bucket: str) -> int:
        return 1

    def paint(
        self, jobs: Sequence[RenderJob], on_progress: ProgressCallback
    ) -> list[RGB | PaintingFailed]:
        on_progress(1.0)
        return [255 - job.pixels for job in jobs]


class Scores:
    """A check that returns the given scores one after the other."""

    name = "scores"

    def __init__(self, *scores: float) -> None:
        self.scores = list(scores)

    def score(self, pixels: RGB) -> float:
        return self.scores.pop(0)


def painted(*scores: float) -> bytes:
    return stylize(
        encoded(landscape(), "PNG"), Style("film"), Inverter(), Screen([Scores(*scores)])
    )


def test_a_photo_becomes_a_painting_of_its_size() -> None:
    picture = np.asarray(Image.open(BytesIO(painted(0.0, 0.0))), dtype=int)
    assert np.abs(picture - (255 - np.asarray(landscape(), dtype=int))).mean() < 3


@pytest.mark.parametrize(
    ("photo", "picture", "reason"),
    [(0.5, 0.0, "unsafe-photo"), (0.19, 0.5, "unsafe-picture"), (0.2, 0.3, "unsafe-picture")],
)
def test_a_score_at_a_threshold_is_refused(photo: float, picture: float, reason: str) -> None:
    with pytest.raises(PhotoRefused) as refused:
        painted(photo, picture)
    assert refused.value.reason == reason


@pytest.mark.parametrize(("photo", "picture"), [(0.49, 0.29), (0.19, 0.49)])
def test_a_score_just_below_the_thresholds_is_painted(photo: float, picture: float) -> None:
    assert painted(photo, picture)


@pytest.mark.parametrize(
    "scores", [(), (0.1,), (float("nan"),), (0.1, float("nan")), (-0.1,), (1.1,)]
)
def test_a_failing_check_blocks_the_picture(scores: tuple[float, ...]) -> None:
    with pytest.raises(SafetyUnavailable):
        painted(*scores)


def test_without_a_check_no_picture_is_returned() -> None:
    with pytest.raises(SafetyUnavailable):
        stylize(encoded(landscape(), "PNG"), Style("film"), Inverter(), Screen([]))


def test_the_highest_score_decides() -> None:
    with pytest.raises(PhotoRefused):
        stylize(
            encoded(landscape(), "PNG"),
            Style("film"),
            Inverter(),
            Screen([Scores(0.0), Scores(0.4)], Thresholds(photo=0.4)),
        )
