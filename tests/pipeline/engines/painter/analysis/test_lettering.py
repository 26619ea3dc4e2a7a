from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.fine_detail import lettering
from tests.photos import photo

Paint = Callable[..., RGB]
ON_SIGN = np.s_[60:190, 90:430]


def signpost() -> RGB:
    """A white sign with small dark words on a wall of coffee-coloured noise."""
    grain = np.random.default_rng(4).normal(0, 14, (256, 512, 1))
    wall = np.clip(np.array((120, 90, 60)) + grain, 0, 255).astype(np.uint8)
    scene = Image.fromarray(wall)
    pen, font = ImageDraw.Draw(scene), ImageFont.load_default(19)
    pen.rectangle((70, 40, 450, 210), fill=(235, 232, 225))
    for line, words in enumerate(
        ("Museum of Modern Art 300 m", "Railway station 1.2 km", "Harbour")
    ):
        pen.text((95, 65 + 42 * line), words, (30, 30, 60), font)
    return np.asarray(scene)


def brightness(picture: RGB) -> np.ndarray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32) / 255


@pytest.mark.parametrize("style", ["film", "watercolor", "storybook"])
def test_words_on_a_sign_stay_readable(paint: Paint, style: str) -> None:
    scene = signpost()

    picture = paint(scene, style)

    before, after = (brightness(p)[ON_SIGN].ravel() for p in (scene, picture))
    assert np.corrcoef(before, after)[0, 1] > 0.88


def test_letters_are_told_from_walls_and_fur() -> None:
    words = lettering(brightness(signpost()), 0.5)
    fur = lettering(brightness(photo("cat")), 0.5)

    assert words[ON_SIGN].max() > 0.9
    assert words[:20].max() < 0.1
    assert np.mean(fur) < 0.06
