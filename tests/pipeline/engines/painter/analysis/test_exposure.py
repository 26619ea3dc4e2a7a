from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.photo_analysis import daylight_of
from pipeline.styles import load_styles
from tests.photos import photo

Paint = Callable[..., RGB]


@pytest.mark.parametrize(("name", "day"), [("china", 1.0), ("astronaut", 1.0), ("rocket", 0.0)])
def test_day_and_night_are_told_apart(name: str, day: float) -> None:
    assert daylight_of(photo(name)) == pytest.approx(day, abs=0.1)


@pytest.mark.parametrize("style", ["film", "gouache", "woodblock", "watercolor"])
def test_a_launch_pad_at_dusk_stays_at_dusk(paint: Paint, style: str) -> None:
    dusk = photo("rocket")

    picture = paint(dusk, style)

    inner = np.s_[30:-30, 30:-30]
    assert np.median(picture[inner]) < np.median(dusk[inner]) + 14


def test_a_day_darkened_to_evening_stays_evening(paint: Paint) -> None:
    evening = np.asarray(photo("china") * 0.28, np.uint8)

    assert paint(evening).mean() < evening.mean() + 10


def test_the_night_style_turns_day_into_night(paint: Paint) -> None:
    day = photo("china")

    night = paint(day, "night")

    assert load_styles()["night"].palette.relight
    assert night.mean() < 0.62 * day.mean()
    assert night[..., 2].mean() > 1.15 * night[..., 0].mean()
