from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np
import pytest

from pipeline.engine import RGB, RenderJob
from pipeline.engines import load_engine
from pipeline.engines.painter import Painter
from pipeline.errors import PaintingCancelled
from pipeline.styles import load_styles
from tests.photos import photo

STYLES = load_styles()
Paint = Callable[..., RGB]


def test_the_engine_is_found_by_its_name() -> None:
    assert load_engine("painter").name == "painter"


@pytest.mark.parametrize("style", STYLES)
def test_every_style_paints_a_portrait_of_the_photos_size(paint: Paint, style: str) -> None:
    astronaut = photo("astronaut")

    picture = paint(astronaut, style)

    assert picture.shape == astronaut.shape
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    assert difference(picture, astronaut) > 4


@pytest.mark.parametrize(
    ("height", "width"), [(32, 32), (64, 64), (32, 320), (700, 70), (300, 1200), (333, 501)]
)
def test_any_size_and_shape_can_be_painted(paint: Paint, height: int, width: int) -> None:
    square = photo("astronaut", 512)

    picture = paint(cv2.resize(square, (width, height), interpolation=cv2.INTER_AREA))

    assert picture.shape == (height, width, 3)


def test_the_longest_photo_is_painted_at_its_size(paint: Paint) -> None:
    panorama = photo("coffee", 4096)[1200:1610]

    assert paint(panorama).shape == panorama.shape


@pytest.mark.parametrize("style", STYLES)
def test_a_photo_without_anything_on_it_can_be_painted(paint: Paint, style: str) -> None:
    black = np.zeros((90, 120, 3), np.uint8)

    assert paint(black, style).shape == black.shape


@pytest.mark.parametrize("colour", [(255, 255, 255), (128, 128, 128), (255, 0, 0)])
def test_so_can_one_of_a_single_colour(paint: Paint, colour: tuple[int, int, int]) -> None:
    blank = np.full((90, 120, 3), colour, np.uint8)

    assert paint(blank).shape == blank.shape


def test_a_grey_photo_stays_nearly_grey(paint: Paint) -> None:
    cat = photo("cat")
    grey = np.repeat(cv2.cvtColor(cat, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)

    chroma = np.ptp(paint(grey).astype(int), axis=2)

    assert np.median(chroma) < 20


def test_noise_and_pure_colours_stay_within_bytes(paint: Paint) -> None:
    noise = np.random.default_rng(5).choice(np.array([0, 255], np.uint8), (120, 160, 3))

    assert paint(noise).shape == noise.shape


@pytest.mark.parametrize("style", ["film", "watercolor", "storybook"])
def test_the_same_commission_gives_the_same_bytes_on_any_number_of_threads(style: str) -> None:
    scene = photo("china", 480)
    threads_before = cv2.getNumThreads()
    pictures: list[RGB] = []

    for threads in (1, 2, 3):
        cv2.setNumThreads(threads)
        painter = Painter(threads)
        pictures += pictures_of(painter, RenderJob(scene, STYLES[style], 0.6, 7))
        painter.close()
    cv2.setNumThreads(threads_before)

    assert np.array_equal(pictures[0], pictures[1])
    assert np.array_equal(pictures[0], pictures[2])


def test_painting_leaves_opencvs_threads_and_the_photo_as_they_were(paint: Paint) -> None:
    cat = photo("cat")
    threads, pixels = cv2.getNumThreads(), cat.copy()

    paint(cat)

    assert cv2.getNumThreads() == threads
    assert np.array_equal(cat, pixels)


def test_a_batch_gives_what_its_photos_give_alone(painter: Painter, paint: Paint) -> None:
    cat, coffee = photo("cat", 300), photo("coffee", 200)
    batch = [RenderJob(pixels, STYLES["film"], 0.6, 1) for pixels in (coffee, cat)]

    first, second = pictures_of(painter, *batch)

    assert np.array_equal(first, paint(coffee))
    assert np.array_equal(second, paint(cat))


def test_watching_tells_the_way_and_can_end_it(painter: Painter) -> None:
    told: list[float] = []

    def watch(fraction: float) -> None:
        told.append(fraction)
        if fraction >= 0.5:
            raise PaintingCancelled

    cat = RenderJob(photo("cat", 96), STYLES["film"], 0.6, 1)
    with pytest.raises(PaintingCancelled):
        painter.paint([cat, cat], watch)

    assert told == [0.0, 0.5]


def test_strength_goes_from_barely_touched_to_boldest_without_a_jump(paint: Paint) -> None:
    cat = photo("cat")
    strengths = np.linspace(0, 1, 11)

    pictures = [paint(cat, strength=float(strength)) for strength in strengths]

    away = [difference(picture, cat) for picture in pictures]
    steps = [difference(a, b) for a, b in pairwise(pictures)]
    assert away[0] < 0.35 * away[-1]
    assert all(later > earlier - 0.2 for earlier, later in pairwise(away))
    assert max(steps) < 0.35 * away[-1]


@pytest.mark.parametrize("strength", [0.2, 0.59, 0.8])
def test_a_little_more_strength_changes_little(paint: Paint, strength: float) -> None:
    cat = photo("cat")

    assert difference(paint(cat, strength=strength), paint(cat, strength=strength + 0.01)) < 0.8


def test_another_seed_changes_the_clouds_and_hardly_the_face(paint: Paint) -> None:
    scene, portrait = photo("china", 480), photo("astronaut", 480)
    sky, face = np.s_[:90, 250:], np.s_[70:160, 165:260]

    clouds = difference(paint(scene, seed=1)[sky], paint(scene, seed=2)[sky])
    features = difference(paint(portrait, seed=1)[face], paint(portrait, seed=2)[face])

    assert clouds > 5
    assert features < 1.5


def test_the_same_seed_gives_the_same_bytes(paint: Paint) -> None:
    scene = photo("china", 480)

    assert np.array_equal(paint(scene, "watercolor", seed=3), paint(scene, "watercolor", seed=3))


def pictures_of(painter: Painter, *jobs: RenderJob) -> list[RGB]:
    """Paint a batch in which nothing fails."""
    pictures = painter.paint(jobs, lambda _: None)
    return [picture for picture in pictures if isinstance(picture, np.ndarray)]


def difference(one: RGB, other: RGB) -> float:
    """Mean difference per byte."""
    return float(np.abs(one.astype(int) - other).mean())
