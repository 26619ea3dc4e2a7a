"""The default safety check accepts ordinary photos, and checks every part of a strip."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.filters.noise import cloudy
from pipeline.opennsfw import DOUBTFUL, OpenNsfw, windows
from tests.photos import PHOTOS, photo


@pytest.fixture(scope="module")
def check() -> OpenNsfw:
    return OpenNsfw()


@pytest.mark.parametrize("name", PHOTOS)
def test_ordinary_photos_score_low(check: OpenNsfw, name: str) -> None:
    assert 0 <= check.score(photo(name)) < 0.2


def dunes(seed: int) -> RGB:
    """Return smooth shading in a skin colour, which the model alone scores above 0.25."""
    dice = np.random.default_rng(seed)
    colour = np.array((dice.integers(190, 235), dice.integers(140, 180), dice.integers(110, 150)))
    light = 0.55 + 0.5 * cloudy((480, 480), seed, 1.0 + dice.uniform(0, 3), 2, 0.5)
    return np.asarray(np.clip(colour * light[..., None], 0, 255), np.uint8)


@pytest.mark.parametrize("seed", [30, 44, 53])
def test_the_score_is_reduced_for_a_picture_without_people(check: OpenNsfw, seed: int) -> None:
    picture = dunes(seed)
    raw = check._loaded().classify(picture).nsfw

    assert raw > DOUBTFUL
    assert check.score(picture) < 0.7 * raw


def test_a_check_is_thread_safe(check: OpenNsfw) -> None:
    pixels = photo("cat")
    with ThreadPoolExecutor(4) as threads:
        scores = set(threads.map(check.score, [pixels] * 8))
    assert scores == {check.score(pixels)}


@pytest.mark.parametrize("shape", [(100, 900, 3), (900, 100, 3), (100, 201, 3)])
def test_every_part_of_a_strip_is_in_a_square_window(shape: tuple[int, int, int]) -> None:
    strip = np.arange(np.prod(shape), dtype=np.int64).reshape(shape)
    cut = windows(strip)  # type: ignore[arg-type] # numbered pixels, to see which are missing
    assert {window.shape for window in cut} == {(100, 100, 3)}
    assert set(np.concatenate([window.ravel() for window in cut])) == set(strip.ravel())


def test_an_ordinary_aspect_ratio_has_one_window() -> None:
    assert [window.shape for window in windows(photo("rocket"))] == [photo("rocket").shape]
