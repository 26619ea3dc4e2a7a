from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from pipeline.engines.painter.analysis.structure_tensor import flow_of
from pipeline.engines.painter.arrays import Colours, Plane, as_colours, luma
from pipeline.engines.painter.filters.compositing import stepped
from pipeline.engines.painter.filters.kuwahara import kuwahara
from pipeline.engines.painter.filters.line_art import pen, ridges
from pipeline.engines.painter.filters.texture import bristles, trembled
from pipeline.styles import Steps
from tests.photos import photo


@pytest.fixture(scope="module")
def crew() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as crew:
        yield crew


def stripes(degrees: float) -> Plane:
    """Soft stripes that run in a direction, measured from the right upwards."""
    y, x = np.mgrid[:160, :160].astype(np.float32)
    turn = np.radians(degrees)
    wave = np.sin((x * np.sin(turn) + y * np.cos(turn)) / 5) * 0.4 + 0.5
    return np.asarray(wave, np.float32)


def noisy_edge() -> Colours:
    """Dark on the left, light on the right, with noise over both."""
    grey = np.full((120, 160), 0.25, np.float32)
    grey[:, 80:] = 0.75
    grey += np.random.default_rng(3).normal(0, 0.05, grey.shape).astype(np.float32)
    return np.repeat(grey[..., None], 3, axis=2)


@pytest.mark.parametrize("degrees", [0, 30, 90, 140])
def test_the_flow_runs_along_stripes(degrees: float) -> None:
    flow = flow_of(stripes(degrees), 1.0)

    middle = np.s_[40:-40, 40:-40]
    along = np.cos(np.radians(degrees)) * flow.x - np.sin(np.radians(degrees)) * flow.y
    assert np.abs(along[middle]).mean() > 0.98
    assert flow.lean[middle].mean() > 0.8


def test_where_nothing_is_nothing_leads() -> None:
    flow = flow_of(np.full((80, 80), 0.5, np.float32), 1.0)

    assert flow.lean.max() == 0
    assert flow.force.max() < 1e-3


def test_the_brush_smooths_noise_and_keeps_the_edge(crew: Executor) -> None:
    picture = noisy_edge()

    painted = luma(kuwahara(picture, flow_of(luma(picture), 1.0), 4.0, crew))

    assert painted[:, 10:60].std() < 0.5 * picture[:, 10:60].std()
    profile = painted[20:-20].mean(0)
    assert profile[84] - profile[76] > 0.42


def test_the_brush_leaves_a_plain_colour_alone(crew: Executor) -> None:
    plain = np.full((70, 90, 3), (0.2, 0.5, 0.9), np.float32)

    painted = kuwahara(plain, flow_of(luma(plain), 1.0), 5.0, crew)

    assert np.abs(painted - plain).max() < 1e-4


def test_strips_leave_no_seams(crew: Executor) -> None:
    tall = as_colours(photo("cat"))
    moved = np.roll(tall, 31, axis=0)

    whole, shifted = (kuwahara(p, flow_of(luma(p), 1.0), 3.0, crew) for p in (tall, moved))

    inner = np.s_[60:-60]
    assert np.abs(np.roll(whole, 31, axis=0) - shifted)[inner].mean() < 2e-3


def test_ink_follows_a_dark_line_and_not_flat_paper(crew: Executor) -> None:
    paper = np.full((100, 100), 0.8, np.float32)
    cv2.line(paper, (10, 50), (90, 50), 0.5, 2)

    cover = pen(ridges(paper, flow_of(paper, 1.0), 1.0, 4.0, crew), 0.0044)

    assert cover[49:52, 20:80].max(0).min() > 0.8
    assert cover[:40].max() == 0


@pytest.mark.parametrize("count", [3, 5, 8])
def test_steps_gather_tones_around_a_few_values(count: int) -> None:
    ramp = np.linspace(0, 1, 4000, dtype=np.float32)[None, :]

    tones = stepped(ramp, Steps(count=count, weight=1.0, sharpness=12.0))

    crowded = np.histogram(tones, bins=200)[0] > 100
    assert np.diff(tones).min() >= 0
    assert count - 1 <= np.diff(crowded.astype(int)).clip(0).sum() + crowded[0] <= count + 1
    assert np.abs(tones - ramp).max() <= 0.5 / count + 1e-6


def test_bristles_run_along_the_form() -> None:
    marks = bristles(flow_of(stripes(90), 1.0), 1.0, seed=4)

    across, down = np.abs(np.diff(marks, axis=1)).mean(), np.abs(np.diff(marks, axis=0)).mean()
    assert across > 1.5 * down


def test_a_trembling_hand_spares_what_must_stay_steady() -> None:
    cat = as_colours(photo("cat"))
    steady = np.zeros(cat.shape[:2], np.float32)
    steady[:, :200] = 1

    shaken = trembled(cat, 1.0, steady, 1.0, seed=2)

    assert np.abs(shaken - cat)[:, :200].max() < 1e-3
    assert np.abs(shaken - cat)[:, 250:].mean() > 0.005
