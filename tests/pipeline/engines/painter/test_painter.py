from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pipeline.contract import RGB, Commission, PaintingCancelled
from pipeline.engines import load_engine
from pipeline.engines.painter import Painter
from pipeline.styles import load_styles
from tests.photos import photo


@pytest.fixture(scope="module")
def painter() -> Iterator[Painter]:
    painter = Painter(threads=2)
    yield painter
    painter.close()


def commission(
    pixels: RGB, style: str = "film", strength: float = 0.6, seed: int = 1
) -> Commission:
    return Commission(pixels, load_styles()[style], strength, seed)


def painting(painter: Painter, *commissions: Commission) -> RGB:
    """Paint and give the last picture."""
    picture = painter.paint(commissions, lambda _: None)[-1]
    assert isinstance(picture, np.ndarray)
    return picture


def test_the_engine_is_found_by_its_name() -> None:
    assert load_engine("painter").name == "painter"


def test_a_painting_has_the_size_of_its_photo_and_is_not_the_photo(painter: Painter) -> None:
    cat = photo("cat", 300)

    picture = painting(painter, commission(cat))

    assert picture.shape == cat.shape
    assert picture.dtype == np.uint8
    assert np.abs(picture.astype(int) - cat).mean() > 2


def test_the_same_commission_gives_the_same_bytes_whoever_else_is_in_the_batch(
    painter: Painter,
) -> None:
    cat, coffee = commission(photo("cat", 300)), commission(photo("coffee", 200))

    assert np.array_equal(painting(painter, cat), painting(painter, coffee, cat))


def test_watching_tells_the_way_and_can_end_it(painter: Painter) -> None:
    told: list[float] = []

    def watch(fraction: float) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            raise PaintingCancelled

    with pytest.raises(PaintingCancelled):
        painter.paint([commission(photo("cat", 96))] * 2, watch)

    assert told == [0.0, 0.5]
