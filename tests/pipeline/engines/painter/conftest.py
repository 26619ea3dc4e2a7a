from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
import pytest

from pipeline.engine import RGB, RenderJob
from pipeline.engines.painter import Painter
from pipeline.styles import load_styles

Paint: TypeAlias = Callable[..., RGB]


@pytest.fixture(scope="session")
def painter() -> Iterator[Painter]:
    painter = Painter(threads=2)
    painter.warm_up()
    yield painter
    painter.close()


@pytest.fixture(scope="session")
def paint(painter: Painter) -> Paint:
    """Paint one photo in a style (film, usual strength, seed 1 where nothing else is said)."""

    def paint_one(
        photo: RGB,
        style: str = "film",
        strength: float = 0.6,
        seed: int = 1,
        draft: bool = False,
    ) -> RGB:
        job = RenderJob(photo, load_styles()[style], strength, seed, draft)
        (picture,) = painter.paint([job], lambda _: None)
        assert isinstance(picture, np.ndarray)
        return picture

    return paint_one
