from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import numpy as np
import pytest

from pipeline.engines.painter.arrays import Colours, Plane, as_colours, luma
from pipeline.engines.painter.filters.flat_areas import flattened, with_flat_areas
from pipeline.styles import Areas
from tests.photos import photo


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as pool:
        yield pool


def two_tones(noise: float) -> Colours:
    """Dark on the left, light on the right, with noise over both."""
    grey = np.full((120, 160), 0.3, np.float32)
    grey[:, 80:] = 0.7
    grey += np.random.default_rng(3).normal(0, noise, grey.shape).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=2)


def slope(picture: Colours) -> Plane:
    """Absolute change of luma to the right."""
    return np.abs(np.diff(luma(picture), axis=1))


def none_kept(picture: Colours) -> Plane:
    """Keep nothing of the strokes."""
    return np.zeros((picture.shape[0] // 2, picture.shape[1] // 2), np.float32)


def test_noise_vanishes_and_the_edge_stays() -> None:
    picture = two_tones(0.03)

    flat = flattened(picture, np.full(picture.shape[:2], 0.012, np.float32))

    assert slope(flat)[:, 5:70].mean() < 0.2 * slope(picture)[:, 5:70].mean()
    assert slope(flat)[:, 79].min() > 0.3


def test_at_full_size_the_edge_is_as_sharp_as_the_strokes(pool: Executor) -> None:
    picture = two_tones(0.02)

    flat = with_flat_areas(picture, none_kept(picture), Areas(flatness=1.0), pool)

    assert luma(flat)[:, 83:].min() - luma(flat)[:, :77].max() > 0.25
    assert slope(flat)[:, 5:70].mean() < 0.3 * slope(picture)[:, 5:70].mean()


def test_more_merging_leaves_fewer_changes(pool: Executor) -> None:
    cat = as_colours(photo("cat", 512))[:340]

    few, many = (
        with_flat_areas(cat, none_kept(cat), Areas(flatness=1.0, merge=merge), pool)
        for merge in (3.0, 0.5)
    )

    assert (slope(few) < 1 / 255).mean() > (slope(many) < 1 / 255).mean() + 0.1


def test_what_is_to_be_kept_stays_as_it_is(pool: Executor) -> None:
    cat = as_colours(photo("cat", 512))[:340]
    keep = none_kept(cat)
    keep[:, :100] = 1

    flat = with_flat_areas(cat, keep, Areas(flatness=1.0), pool)

    assert np.abs(flat - cat)[:, :190].mean() < 0.004
    assert np.abs(flat - cat)[:, 210:].mean() > 0.01


def test_a_style_without_flat_areas_keeps_its_strokes(pool: Executor) -> None:
    cat = as_colours(photo("cat", 512))[:340]

    assert with_flat_areas(cat, none_kept(cat), Areas(flatness=0.0), pool) is cat
