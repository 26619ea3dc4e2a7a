from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import (
    Face,
    FaceFinder,
    Window,
    one_each,
    overlap,
    windows,
)
from pipeline.engines.painter.analysis.subject import SubjectDetector, worth_a_look
from pipeline.styles import load_styles
from tests.photos import photo
from tests.pipeline.engines.painter.portraits import with_skin

Paint = Callable[..., RGB]


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder()


def face(left: float, size: float, certainty: float) -> Face:
    return Face(left, 0, size, np.zeros((6, 2), np.float32), certainty)


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_a_portraits_face_is_found_with_its_features_in_order(
    finder: FaceFinder, name: str
) -> None:
    (found,) = finder.find(photo(name))

    right_eye, left_eye, nose, mouth = found.points[:4]
    assert right_eye[0] < nose[0] < left_eye[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]
    assert found.left < nose[0] < found.left + found.size


@pytest.mark.parametrize("name", ["cat", "coffee", "rocket", "china", "flower"])
def test_no_face_is_found_where_nobody_is(finder: FaceFinder, name: str) -> None:
    assert finder.find(photo(name)) == []


def test_a_face_in_a_panorama_is_found_where_it_is(finder: FaceFinder) -> None:
    portrait = photo("astronaut", 256)
    panorama = np.full((256, 1800, 3), 90, np.uint8)
    panorama[:, 1300:1556] = portrait

    (found,) = finder.find(panorama)

    (alone,) = finder.find(portrait)
    assert found.left == pytest.approx(1300 + alone.left, abs=12)
    assert found.top == pytest.approx(alone.top, abs=12)


@pytest.mark.parametrize("style", load_styles())
def test_the_painting_shows_the_same_faces_as_the_photo(
    finder: FaceFinder, paint: Paint, style: str
) -> None:
    for name in ("astronaut", "hopper"):
        portrait = photo(name)
        (before,) = finder.find(portrait)

        (after,) = finder.find(paint(portrait, style))

        assert overlap(before, after) > 0.7, name


def crowd() -> RGB:
    """Six small portraits beside each other: two people, mirrored and with other skin.

    The detector finds four of the faces, 58 to 112 px wide.
    """
    people = [
        with_skin(np.ascontiguousarray(photo(name, 320)[:, ::turn]), skin)
        for name, turn, skin in (
            ("astronaut", 1, "light"),
            ("hopper", -1, "tan"),
            ("astronaut", -1, "brown"),
            ("hopper", 1, "porcelain"),
            ("astronaut", 1, "very dark"),
            ("hopper", -1, "brown"),
        )
    ]
    tiles = [np.asarray(cv2.resize(each[:260, :240], (240, 260)), np.uint8) for each in people]
    return np.vstack([np.hstack(tiles[:3]), np.hstack(tiles[3:])])


@pytest.mark.parametrize("style", load_styles())
def test_every_face_of_a_small_crowd_is_found_again(
    finder: FaceFinder, paint: Paint, style: str
) -> None:
    scene = crowd()
    before = finder.find(scene)
    assert len(before) >= 4

    after = finder.find(paint(scene, style))

    lost = [face for face in before if all(overlap(face, other) < 0.5 for other in after)]
    assert lost == []


def test_eyes_and_mouth_of_a_face_too_small_for_a_brush_stay_readable(
    finder: FaceFinder, paint: Paint
) -> None:
    crowd = np.full((640, 640, 3), 120, np.uint8)
    crowd[200:400, 200:400] = photo("astronaut", 200)
    (before,) = finder.find(crowd, [Window(180, 180, 240, 240)])

    picture = paint(crowd)

    assert before.size < 48
    assert np.corrcoef(features(crowd, before), features(picture, before))[0, 1] > 0.92


@pytest.mark.parametrize("name", ["astronaut", "hopper"])
def test_skin_is_smoothed_between_features_that_stay(paint: Paint, name: str) -> None:
    portrait = photo(name, 1024)
    subject = SubjectDetector().look(portrait, 1.1)
    planes = (subject.features, subject.bare, subject.head)
    drawn, skin, head = (cv2.resize(plane, portrait.shape[1::-1]) for plane in planes)

    before, after = (texture(picture) for picture in (portrait, paint(portrait)))

    cheeks = (skin > 0.9) & (head > 0.9) & (drawn < 0.05)
    assert np.median(after[cheeks]) < 0.6 * np.median(before[cheeks])
    assert after[drawn > 0.9].mean() > 0.85 * before[drawn > 0.9].mean()


def texture(picture: RGB) -> np.ndarray:
    """How much a spot differs from those beside it, in luma."""
    bright = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)
    return np.asarray(np.abs(bright - cv2.GaussianBlur(bright, (0, 0), 2)))


def features(picture: RGB, face: Face) -> np.ndarray:
    """What stands out in a face: its lightness, less the slow shading."""
    bright = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    fine = bright - cv2.GaussianBlur(bright, (0, 0), 6)
    top, left, size = int(face.top), int(face.left), int(face.size)
    return np.asarray(fine[top : top + size, left : left + size].ravel())


def test_only_a_part_of_the_picture_is_worth_a_closer_look() -> None:
    picture = np.zeros((600, 900, 3), np.uint8)
    matte = np.zeros((256, 256), np.float32)
    matte[100:200, 40:80] = 1

    (window,) = worth_a_look(matte, picture)

    assert window.left < 40 / 256 * 900 < 80 / 256 * 900 < window.left + window.width
    assert worth_a_look(np.ones_like(matte), picture) == []


def test_of_overlapping_faces_the_surest_stays() -> None:
    kept = one_each([face(0, 100, 0.6), face(20, 90, 0.9), face(300, 50, 0.7)])

    assert [found.certainty for found in kept] == [0.9, 0.7]


def test_a_long_picture_is_cut_into_windows_that_overlap_and_reach_its_ends() -> None:
    cut = windows(np.zeros((200, 1000, 3), np.uint8))

    assert cut[0] == Window(0, 0, 300, 200)
    assert cut[-1].left + cut[-1].width == 1000
    assert all(b.left < a.left + a.width for a, b in pairwise(cut))
