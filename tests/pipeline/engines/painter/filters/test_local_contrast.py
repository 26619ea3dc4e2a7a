"""Tones within one thing survive the flattening of areas."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.engines.painter.arrays import Colours, Plane, luma, thrice
from pipeline.engines.painter.filters.local_contrast import with_folds, with_local_contrast

HEIGHT, WIDTH = 120, 240


def bands(middle: float, amplitude: float) -> Colours:
    """Grey with soft vertical bands, 20 px from light to light."""
    wave = np.sin(np.arange(WIDTH, dtype=np.float32) * np.float32(2 * np.pi / 20))
    grey = np.float32(middle) + np.float32(amplitude) * np.tile(wave, (HEIGHT, 1))
    return thrice(grey.astype(np.float32))


def nowhere() -> Plane:
    return np.zeros((HEIGHT, WIDTH), np.float32)


def spread(picture: Colours) -> float:
    """Spread of luma away from the rims."""
    return float(luma(picture)[20:-20, 20:-20].std())


def test_faint_tones_of_a_hazy_view_become_plainer() -> None:
    haze = bands(0.6, 0.02)

    clear = with_local_contrast(haze, haze, nowhere(), 1.0)

    assert spread(clear) > 1.5 * spread(haze)
    assert luma(clear).mean() == pytest.approx(0.6, abs=0.01)


def test_averaged_leaves_get_the_contrast_of_the_photo_back() -> None:
    photo, averaged = bands(0.4, 0.12), bands(0.4, 0.06)

    restored = with_local_contrast(averaged, photo, nowhere(), 1.0)

    assert spread(restored) == pytest.approx(spread(photo), rel=0.25)


def test_noise_on_a_wall_is_not_amplified() -> None:
    noise = np.random.default_rng(1).normal(0, 0.0015, (HEIGHT, WIDTH)).astype(np.float32)
    wall = thrice(np.float32(0.6) + noise)

    assert spread(with_local_contrast(wall, wall, nowhere(), 1.0)) < 1.3 * spread(wall)


def test_no_rim_of_light_appears_beside_a_strong_contour() -> None:
    step = np.full((HEIGHT, WIDTH, 3), 0.2, np.float32)
    step[:, WIDTH // 2 :] = 0.8

    out = luma(with_local_contrast(step, step, nowhere(), 1.0))

    assert np.abs(out[:, : WIDTH // 2 - 3] - 0.2).max() < 0.05
    assert np.abs(out[:, WIDTH // 2 + 3 :] - 0.8).max() < 0.05


def test_what_is_spared_stays_as_it_is() -> None:
    haze = bands(0.6, 0.02)

    out = with_local_contrast(haze, haze, np.ones((HEIGHT, WIDTH), np.float32), 1.0)

    assert np.abs(out - haze).max() < 1e-3


def test_folds_of_nearly_black_cloth_show_and_other_things_stay() -> None:
    coat = bands(0.04, 0.012)
    cloth = nowhere()
    cloth[:, : WIDTH // 2] = 1

    shown = luma(with_folds(coat, coat, cloth, 1.0))

    left, right = shown[20:-20, 20:100], shown[20:-20, 140:-20]
    assert left.std() > 1.8 * luma(coat).std()
    assert 0.06 < left.mean() < 0.14
    assert np.abs(right - luma(coat)[20:-20, 140:-20]).max() < 1e-3


def test_light_cloth_needs_no_help() -> None:
    shirt = bands(0.7, 0.02)

    assert np.abs(with_folds(shirt, shirt, nowhere() + 1, 1.0) - shirt).max() < 1e-3
