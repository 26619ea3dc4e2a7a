from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.sky import SkyFound, find_sky, sky_without_contours
from pipeline.engines.painter.analysis.subject import SubjectDetector
from pipeline.engines.painter.filters.noise import cloudy
from tests.photos import photo

Paint = Callable[..., RGB]


@pytest.fixture(scope="module")
def look() -> Callable[[RGB], SkyFound | None]:
    onlooker = SubjectDetector()
    return lambda pixels: find_sky(pixels, onlooker.look(pixels, 1.0))


def gradient(top: tuple[int, int, int], bottom: tuple[int, int, int]) -> RGB:
    """A plain picture that goes from one colour to another, with a little grain."""
    t = np.linspace(0, 1, 300)[:, None, None]
    plain = np.array(top) * (1 - t) + np.array(bottom) * t + np.zeros((300, 400, 3))
    grain = np.random.default_rng(1).normal(0, 1.5, plain.shape)
    return np.asarray(np.clip(plain + grain, 0, 255), np.uint8)


def with_ground(sky: RGB, colour: tuple[int, int, int]) -> RGB:
    """Put uneven ground into the lower two fifths."""
    scene = sky.copy()
    grain = np.random.default_rng(2).normal(0, 18, (120, 400, 1))
    scene[180:] = np.clip(np.array(colour) + grain, 0, 255)
    return scene


def with_clouds(sky: RGB, seed: int, least: float, softness: float) -> tuple[RGB, np.ndarray]:
    """Lay white clouds over a sky; also return how much of each pixel they cover, 0..1."""
    height, width = sky.shape[:2]
    cover = np.clip((cloudy((height, width), seed, 5, 6, 0.7) - least) / softness, 0, 1)
    mixed = sky * (1 - cover[..., None]) + 246 * cover[..., None]
    return np.asarray(np.clip(mixed, 0, 255), np.uint8), cover


def blueness_of(picture: RGB) -> np.ndarray:
    """How much more blue than red and green each spot has, levels, without fine texture."""
    red, green, blue = np.moveaxis(picture.astype(np.float32), -1, 0)
    return np.asarray(cv2.GaussianBlur(blue - (red + green) / 2, (0, 0), 4))


@pytest.mark.parametrize("flipped", [False, True])
def test_the_sky_over_the_lake_is_found(
    look: Callable[[RGB], SkyFound | None], flipped: bool
) -> None:
    scene = photo("china")

    found = look(np.ascontiguousarray(scene[:, ::-1]) if flipped else scene)

    assert found is not None
    assert found.inside[:12].mean() > 0.7
    assert found.inside[-20:].max() == 0
    assert 0.3 < found.horizon < 0.65


def test_a_blue_sky_that_pales_over_a_meadow_is_found(
    look: Callable[[RGB], SkyFound | None],
) -> None:
    assert look(with_ground(gradient((70, 130, 215), (215, 232, 245)), (90, 120, 60)))


@pytest.mark.parametrize("name", ["astronaut", "hopper", "coffee", "cat", "rocket", "flower"])
@pytest.mark.parametrize("cropped", [1.0, 0.6])
def test_walls_backdrops_and_dusk_are_no_daylight_sky(
    look: Callable[[RGB], SkyFound | None], name: str, cropped: float
) -> None:
    whole = photo(name)
    height, width = (int(side * cropped) for side in whole.shape[:2])

    assert look(np.ascontiguousarray(whole[:height, :width])) is None


@pytest.mark.parametrize(
    ("case", "wall"),
    [
        ("an evenly blue wall", gradient((90, 140, 200), (90, 140, 200))),
        ("a blue wall lit from above", gradient((120, 165, 220), (85, 130, 190))),
        ("a white wall", gradient((240, 240, 240), (225, 225, 225))),
        ("a grey loaded_model backdrop", gradient((150, 150, 155), (205, 205, 208))),
        ("a turquoise curtain", gradient((40, 170, 180), (150, 220, 225))),
        ("a dusky sky", gradient((20, 30, 70), (70, 80, 120))),
    ],
)
def test_what_only_looks_like_sky_is_left_alone(
    look: Callable[[RGB], SkyFound | None], case: str, wall: RGB
) -> None:
    assert look(with_ground(wall, (110, 90, 70))) is None, case


def test_a_sky_above_dark_ground_is_dusk_and_keeps_its_colours(
    look: Callable[[RGB], SkyFound | None],
) -> None:
    assert look(with_ground(gradient((70, 130, 215), (215, 232, 245)), (30, 28, 30))) is None


def test_clouds_stay_behind_the_tower(paint: Paint) -> None:
    scene = photo("china", 480)
    tower, beside = np.s_[100:210, 75:235], np.s_[:100, 260:]

    one, other = paint(scene, seed=1).astype(int), paint(scene, seed=2)

    change = np.abs(one - other)
    assert np.percentile(change[tower], 99) < 16
    assert np.percentile(change[beside], 99) > 50


@pytest.mark.parametrize("seed", [2, 3, 5])
@pytest.mark.parametrize(("least", "softness"), [(0.55, 0.3), (0.62, 0.1)])
@pytest.mark.parametrize("top", [(25, 75, 150), (60, 120, 205)])
def test_a_sky_with_clouds_gets_no_border_and_its_clouds_stay_white(
    paint: Paint, top: tuple[int, int, int], least: float, softness: float, seed: int
) -> None:
    clear = gradient(top, (150, 190, 230))
    sky, cover = with_clouds(clear, seed, least, softness)
    scene = with_ground(sky, (90, 120, 60))

    painted = paint(scene)

    far_from_clouds = cv2.dilate((cover > 0.01).astype(np.uint8), np.ones((21, 21), np.uint8)) == 0
    far_from_clouds[150:] = False
    change = blueness_of(painted) - blueness_of(scene)
    slope = np.hypot(*np.gradient(change))[far_from_clouds]
    white = cover > 0.99
    white[150:] = False
    assert not slope.size or np.percentile(slope, 99.5) < 2
    assert np.percentile(scene[white].astype(int) - painted[white], 99) < 24


def with_blue_hills(sky: RGB, seed: int) -> RGB:
    """Put hazy, rocky hills of the sky's own blue into the lower half."""
    scene = sky.astype(np.float32)
    height, width = sky.shape[:2]
    rock = np.random.default_rng(seed).normal(0, 1, (height // 3, width // 3)).astype(np.float32)
    texture = cv2.resize(rock, (width, height), interpolation=cv2.INTER_CUBIC)[..., None]
    scene[height // 2 :] = (np.array((128, 140, 172)) + 14 * texture)[height // 2 :]
    return np.asarray(np.clip(scene, 0, 255), np.uint8)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_contours_are_drawn_on_hazy_hills_and_not_in_the_sky(seed: int) -> None:
    scene = with_blue_hills(gradient((120, 165, 225), (205, 222, 240)), seed)

    air = sky_without_contours(scene, SubjectDetector().look(scene, 1.0))

    half = len(air) // 2
    assert air[: half - 8].mean() > 0.9
    assert air[half + 4 : -4].mean() < 0.1


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_no_contours_are_drawn_on_white_clouds(seed: int) -> None:
    scene, cover = with_clouds(gradient((45, 95, 190), (110, 160, 225)), seed, 0.5, 0.3)

    air = sky_without_contours(scene, SubjectDetector().look(scene, 1.0))

    rims = cv2.resize(((cover > 0.1) & (cover < 0.9)).astype(np.float32), air.shape[::-1])
    assert air[rims > 0.5].mean() > 0.85


def sunset(seed: int) -> tuple[RGB, np.ndarray]:
    """Dark clouds before a glow, over dark ground with a tower; also return which pixels are sky."""
    glow = gradient((70, 100, 165), (255, 190, 70)).astype(np.float32)
    glow[:180] = cv2.resize(glow, (400, 180), interpolation=cv2.INTER_AREA)
    cover = np.clip((cloudy((300, 400), seed, 5, 6, 0.7) - 0.4) / 0.2, 0, 1)[..., None]
    scene = with_ground(
        np.asarray(glow * (1 - cover) + np.array((105, 85, 95)) * cover, np.uint8), (40, 42, 40)
    )
    scene[60:180, 300:325] = (28, 24, 26)
    sky = np.zeros((300, 400), np.bool_)
    sky[:180] = True
    sky[60:180, 300:325] = False
    return scene, sky


@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_no_contours_are_drawn_on_the_clouds_of_a_sunset(seed: int, flipped: bool) -> None:
    scene, sky = sunset(seed)
    if flipped:
        scene, sky = np.ascontiguousarray(scene[:, ::-1]), np.ascontiguousarray(sky[:, ::-1])

    air = sky_without_contours(scene, SubjectDetector().look(scene, 1.0))

    shape = air.shape[::-1]
    within = cv2.resize(cv2.erode(sky.astype(np.float32), np.ones((17, 17))), shape)
    beside = cv2.resize((~sky).astype(np.float32), shape, interpolation=cv2.INTER_AREA)
    assert air[within == 1].mean() > 0.9
    assert air[beside == 1].mean() < 0.01


def test_contours_are_drawn_on_a_lamplit_wall() -> None:
    scene = with_ground(gradient((225, 190, 140), (140, 100, 60)), (60, 45, 35))
    scene[40:130, 120:280] = (150, 140, 150)

    air = sky_without_contours(scene, SubjectDetector().look(scene, 1.0))

    assert not air.any()
