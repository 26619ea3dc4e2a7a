from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.subject import SubjectDetector
from pipeline.engines.painter.arrays import as_colours
from pipeline.engines.painter.filters.portrait import draw_features
from pipeline.styles import load_styles
from tests.photos import photo
from tests.pipeline.engines.painter.portraits import SKINS, face_tone, hue_of, relit, with_skin

Paint = Callable[..., RGB]
BY_DAY = [name for name, style in load_styles().items() if not style.palette.relight]


@pytest.fixture(scope="module")
def onlooker() -> SubjectDetector:
    return SubjectDetector()


@pytest.mark.parametrize("skin", SKINS)
@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_skin_of_any_tone_keeps_its_lightness_and_hue(
    paint: Paint, onlooker: SubjectDetector, name: str, skin: str
) -> None:
    portrait = with_skin(photo(name), skin)
    subject = onlooker.look(portrait, 1.0)

    before = face_tone(portrait, subject)
    after = face_tone(paint(portrait), subject)

    assert abs(after[0] - before[0]) < 3
    assert abs(hue_of(after) - hue_of(before)) < 6


@pytest.mark.parametrize("gain", [0.8, 0.5, 0.3])
@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_skin_in_less_light_stays_as_dark(
    paint: Paint, onlooker: SubjectDetector, name: str, gain: float
) -> None:
    portrait = relit(photo(name), gain)
    subject = onlooker.look(portrait, 1.0)

    lightness = face_tone(paint(portrait), subject)[0] - face_tone(portrait, subject)[0]

    assert abs(lightness) < 3


def test_people_keep_their_order_from_light_to_dark_and_by_hue(
    paint: Paint, onlooker: SubjectDetector
) -> None:
    portraits = [with_skin(photo("astronaut"), skin) for skin in SKINS]
    seen = [onlooker.look(portrait, 1.0) for portrait in portraits]

    before = [face_tone(*pair) for pair in zip(portraits, seen, strict=True)]
    after = [face_tone(paint(p), subject) for p, subject in zip(portraits, seen, strict=True)]

    places = range(len(SKINS))
    by_lightness = sorted(places, key=lambda at: before[at][0])
    by_hue = sorted(places, key=lambda at: hue_of(before[at]))
    hues = [hue_of(after[at]) for at in by_hue]
    assert by_lightness == sorted(places, key=lambda at: after[at][0])
    assert all(later > earlier - 2 for earlier, later in pairwise(hues))


@pytest.mark.parametrize("style", BY_DAY)
def test_no_style_by_day_whitens_or_darkens_skin(
    paint: Paint, onlooker: SubjectDetector, style: str
) -> None:
    for skin in ("light", "dark"):
        portrait = with_skin(photo("hopper"), skin)
        subject = onlooker.look(portrait, 1.0)

        change = face_tone(paint(portrait, style), subject) - face_tone(portrait, subject)

        assert abs(change[0]) < 4, skin


def test_eyes_and_mouth_are_inked_and_cheeks_are_not(onlooker: SubjectDetector) -> None:
    portrait = photo("astronaut")
    subject = onlooker.look(portrait, 1.0)
    ink = np.zeros(portrait.shape[:2], np.float32)

    draw_features(ink, as_colours(portrait), subject, 0.7)

    (face,) = subject.faces
    eyes, nose = face.points[:2], face.points[2]
    for eye in eyes:
        assert patch(ink, eye, 0.3 * face.eyes_apart).max() > 0.5
        cheek = eye + (eye - nose) * (0.1, 0) + (0, 0.75 * face.eyes_apart)
        assert patch(ink, cheek, 0.1 * face.eyes_apart).max() < 0.1
    assert ink.max() <= 0.7


def patch(plane: np.ndarray, middle: Sequence[float], reach: float) -> np.ndarray:
    """Cut a square around a point."""
    x, y, reach = round(middle[0]), round(middle[1]), round(reach)
    return plane[y - reach : y + reach + 1, x - reach : x + reach + 1]


@pytest.mark.parametrize("style", ["night"])
@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_a_face_stands_out_from_the_night(
    paint: Paint, onlooker: SubjectDetector, name: str, style: str
) -> None:
    portrait = photo(name)
    subject = onlooker.look(portrait, 1.0)

    before, after = (
        face_tone(picture, subject)[0] for picture in (portrait, paint(portrait, style))
    )

    assert before - 32 < after < before - 4
