from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.arrays import resize
from pipeline.engines.painter.canvas import fitted_rows, off_canvas, on_canvas
from tests.photos import photo

Paint = Callable[..., RGB]


@pytest.mark.parametrize(("height", "width"), [(501, 643), (640, 480), (1023, 770)])
def test_a_photo_of_usual_size_is_painted_pixel_for_pixel(height: int, width: int) -> None:
    pixels = photo("coffee", 1400)[:height, :width]

    canvas = on_canvas(pixels)

    assert canvas.shape[0] % 4 == canvas.shape[1] % 4 == 0
    assert np.array_equal(off_canvas(canvas, pixels), pixels)


@pytest.mark.parametrize("shape", [(64, 64), (40, 800), (2301, 1999)])
def test_tiny_and_huge_photos_come_back_at_their_size(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 90, np.uint8)

    canvas = on_canvas(pixels)

    assert 440 < np.sqrt(canvas.shape[0] * canvas.shape[1]) < 1800
    assert canvas.shape[0] % 4 == canvas.shape[1] % 4 == 0
    assert np.array_equal(off_canvas(canvas, pixels), pixels)


def test_a_draft_is_painted_on_less_than_half_as_many_spots() -> None:
    pixels = photo("cat", 1024)

    assert 0.4 * pixels.size < on_canvas(pixels, draft=True).size < 0.45 * pixels.size


def test_a_draft_shows_the_same_painting_a_little_softer(paint: Paint) -> None:
    cat = photo("cat", 800)

    draft, careful = paint(cat, draft=True), paint(cat)

    assert draft.shape == cat.shape
    assert not np.array_equal(draft, careful)
    assert np.abs(draft.astype(int) - careful).mean() < 6


@pytest.mark.parametrize("top", [0, 64, 128])
@pytest.mark.parametrize("factor", [2, 4])
def test_rows_of_a_small_plane_are_those_of_the_enlarged_one(top: int, factor: int) -> None:
    small = np.random.default_rng(1).random((160 // factor, 200 // factor), np.float32)
    rows = slice(top, min(160, top + 64))

    whole = resize(small, (160, 200))

    assert np.allclose(fitted_rows(small, rows, (160, 200)), whole[rows], atol=1e-6)
