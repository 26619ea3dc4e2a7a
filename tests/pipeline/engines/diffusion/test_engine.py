"""Every family, through the files and code that real weights go through."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipeline.engine import RGB
from pipeline.engines.diffusion.canvas import stretch
from pipeline.errors import PaintingCancelled, PaintingFailed, PhotoRefused
from pipeline.safety import Screen
from pipeline.stylize import stylize
from tests.pipeline.engines.diffusion.conftest import (
    FILM,
    INK,
    OpenEngine,
    differ,
    painted,
    photo,
    wanted,
)
from tests.pipeline.photographs import encoded, landscape

pytest.importorskip("torch", reason="needs the extra `gpu`")

FAMILIES = ("flux2-klein", "flux2-klein-8gb", "kontext", "ghibli-sd15")


@pytest.mark.parametrize("name", FAMILIES)
def test_a_picture_has_exactly_the_size_of_its_photo(name: str, open_engine: OpenEngine) -> None:
    sizes = [(90, 60), (60, 90), (64, 64), (333, 33), (31, 47)]
    jobs = [wanted(i, width=w, height=h) for i, (w, h) in enumerate(sizes)]

    pictures = painted(open_engine(name), *jobs)

    assert [picture.shape for picture in pictures] == [(h, w, 3) for w, h in sizes]
    assert all(picture.dtype == np.uint8 and picture.flags.c_contiguous for picture in pictures)


@pytest.mark.parametrize("name", FAMILIES)
def test_nobody_sees_who_shared_the_call(name: str, open_engine: OpenEngine) -> None:
    # The library's own klein pipeline mixes everybody's photo into every picture, without an error.
    engine = open_engine(name)
    mine = wanted(1)

    (alone,) = painted(engine, mine)
    _, among_friends = painted(engine, wanted(2), mine)
    among_others, *_ = painted(engine, mine, wanted(3, INK), wanted(4, strength=1.0), wanted(5))

    assert differ(alone, among_friends) <= 1
    assert differ(alone, among_others) <= 1


@pytest.mark.parametrize("name", FAMILIES)
def test_photo_style_strength_and_seed_each_matter(name: str, open_engine: OpenEngine) -> None:
    engine = open_engine(name)
    usual = wanted(1)
    others = [
        replace(usual, pixels=photo(9)),
        replace(usual, style=INK),
        replace(usual, strength=0.9),
        replace(usual, seed=9),
        replace(usual, draft=True),
    ]

    first, *rest = painted(engine, usual, *others)

    assert all(differ(first, other) > 1 for other in rest)


def test_the_same_commission_gives_the_same_picture_in_another_engine(
    open_engine: OpenEngine,
) -> None:
    first, again = open_engine(), open_engine()
    painted(again, wanted(7))

    assert differ(painted(first, wanted(1))[0], painted(again, wanted(1))[0]) <= 1
    assert first.version == again.version


def test_two_threads_get_what_each_would_get_alone(open_engine: OpenEngine) -> None:
    engine = open_engine()
    alone = [painted(engine, wanted(seed))[0] for seed in range(6)]
    together: dict[int, RGB] = {}

    def paint(seed: int) -> None:
        together[seed] = painted(engine, wanted(seed))[0]

    threads = [threading.Thread(target=paint, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [differ(alone[seed], together[seed]) for seed in range(6)] == [0] * 6


def test_the_device_serves_one_thread_at_a_time(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two threads in one pipeline gave 16 wrong pictures of 20: its scheduler keeps state between steps.
    from pipeline.engines.diffusion.families.klein import Klein

    engine, real = open_engine(), Klein.encode
    painted(engine, wanted(0))
    two_at_once = threading.Barrier(2)
    met: list[bool] = []

    def encode(self: Klein, photos: Any) -> Any:
        try:
            two_at_once.wait(0.3)
            met.append(True)
        except threading.BrokenBarrierError:
            met.append(False)
        return real(self, photos)

    monkeypatch.setattr(Klein, "encode", encode)
    threads = [threading.Thread(target=painted, args=(engine, wanted(i))) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert met == [False, False]


def test_one_thread_fits_its_photos_while_the_other_ones_are_painted(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.klein import Klein

    engine, encode = open_engine(), Klein.encode
    painted(engine, wanted(0))
    on_device, fitted = threading.Event(), threading.Event()
    was_fitted: list[bool] = []

    def slow_encode(self: Klein, photos: Any) -> Any:
        on_device.set()
        was_fitted.append(fitted.wait(10))
        return encode(self, photos)

    def told_stretch(pixels: RGB, shape: Any) -> Any:
        if on_device.is_set():
            fitted.set()
        return stretch(pixels, shape)

    monkeypatch.setattr(Klein, "encode", slow_encode)
    monkeypatch.setattr("pipeline.engines.diffusion.engine.stretch", told_stretch)
    first = threading.Thread(target=painted, args=(engine, wanted(1)))
    first.start()
    assert on_device.wait(10)
    painted(engine, wanted(2))
    first.join()

    assert was_fitted == [True, True]


def test_progress_only_grows_and_stays_below_one(open_engine: OpenEngine) -> None:
    told: list[float] = []
    engine = open_engine(batch_max=2)

    engine.paint([wanted(seed) for seed in range(5)], told.append)

    assert told == sorted(told)
    assert len(told) == 2 * 3
    assert 0 <= told[0] < told[-1] < 1


def test_a_cancelled_batch_stops_between_steps_and_the_next_one_is_painted(
    open_engine: OpenEngine,
) -> None:
    engine = open_engine()
    steps = 0

    def nobody_waits(_: float) -> None:
        nonlocal steps
        steps += 1
        raise PaintingCancelled

    with pytest.raises(PaintingCancelled):
        engine.paint([wanted(1), wanted(2, width=60, height=90)], nobody_waits)

    assert steps == 1
    assert painted(engine, wanted(1))


def test_an_empty_batch_is_painted_at_once(open_engine: OpenEngine) -> None:
    assert open_engine().paint([], lambda _: None) == []


def test_a_style_that_came_after_the_start_fails_alone(open_engine: OpenEngine) -> None:
    late = replace(FILM, diffusion=replace(FILM.diffusion, prompt="something new"))

    known, unknown = open_engine().paint([wanted(1), wanted(2, late)], lambda _: None)

    assert isinstance(known, np.ndarray)
    assert isinstance(unknown, PaintingFailed)
    assert unknown.reason == "style-unread"


def test_a_picture_is_screened_like_every_engines(open_engine: OpenEngine) -> None:
    class PicturesOnly:
        name = "pictures-only"

        def __init__(self) -> None:
            self.seen = 0

        def score(self, pixels: RGB) -> float:
            self.seen += 1
            return 0.0 if self.seen == 1 else 1.0

    with pytest.raises(PhotoRefused, match="unsafe-picture"):
        stylize(encoded(landscape(), "JPEG"), FILM, open_engine(), Screen([PicturesOnly()]))
