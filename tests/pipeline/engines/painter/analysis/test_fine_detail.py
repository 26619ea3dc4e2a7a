from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.fine_detail import filigree
from pipeline.engines.painter.arrays import as_colours, luma
from tests.photos import photo

Paint = Callable[..., RGB]
NAME = np.s_[548:564, 702:832]
CELLS = np.s_[120:630, 290:400]


def with_name_plate() -> RGB:
    """A photo with a small grey plate on which a name stands in letters nine pixels high."""
    scene = Image.fromarray(photo("coffee", 1024))
    pen, font = ImageDraw.Draw(scene), ImageFont.load_default(13)
    pen.rectangle((690, 538, 850, 574), fill=(120, 120, 126))
    pen.text((702, 548), "COMMANDER HOPPER", (232, 232, 236), font)
    return np.asarray(scene)


def mast_at_dusk() -> RGB:
    """A lattice of thin dark bars before a sky that pales downwards."""
    t = np.linspace(0, 1, 720)[:, None, None]
    sky = np.array((20, 34, 84)) * (1 - t) + np.array((92, 100, 140)) * t
    sky = sky + np.zeros((720, 960, 3))
    grain = np.random.default_rng(1).normal(0, 1.5, sky.shape)
    scene = np.clip(sky + grain, 0, 255).astype(np.uint8)
    bar = (34, 30, 30)
    for x in (300, 390):
        cv2.line(scene, (x, 90), (x, 660), bar, 2, cv2.LINE_AA)
    for y in range(90, 630, 45):
        cv2.line(scene, (300, y), (390, y + 45), bar, 1, cv2.LINE_AA)
        cv2.line(scene, (390, y), (300, y + 45), bar, 1, cv2.LINE_AA)
    return scene


def fine(picture: RGB, part: tuple[slice, slice]) -> np.ndarray:
    """What stands out from its surroundings, in luma."""
    bright = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.asarray(bright - cv2.GaussianBlur(bright, (0, 0), 6))[part].ravel()


@pytest.mark.parametrize(
    ("style", "likeness"), [("film", 0.88), ("gouache", 0.84), ("woodblock", 0.72)]
)
def test_a_name_in_small_letters_stays_readable(paint: Paint, style: str, likeness: float) -> None:
    scene = with_name_plate()

    before, after = fine(scene, NAME), fine(paint(scene, style), NAME)

    assert np.corrcoef(before, after)[0, 1] > likeness
    assert after.std() > 0.55 * before.std()


def test_thin_bars_stay_before_the_sky(paint: Paint) -> None:
    scene = mast_at_dusk()

    before, after = fine(scene, CELLS), fine(paint(scene), CELLS)

    assert np.corrcoef(before, after)[0, 1] > 0.85
    assert after.std() > 0.7 * before.std()


def test_filigree_is_told_from_fur_leaves_and_plain_sky() -> None:
    def found(scene: RGB, unit: float) -> np.ndarray:
        half = cv2.resize(scene, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return filigree(luma(as_colours(np.asarray(half, np.uint8))), unit)

    mast = found(mast_at_dusk(), 0.45)
    cat, china = found(photo("cat"), 0.3), found(photo("china"), 0.4)

    assert mast[80:300, 148:153].max(axis=1).mean() > 0.8
    assert mast[:, 220:].max() < 0.1
    assert cat.mean() < 0.05
    assert china[-60:].mean() < 0.12
