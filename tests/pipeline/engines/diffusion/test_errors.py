"""What an engine does when memory, weights or the device let it down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.engines.diffusion.engine import SECOND_SEED
from pipeline.errors import EngineUnusable, PaintingFailed
from tests.pipeline.engines.diffusion.conftest import (
    FILM,
    OpenEngine,
    differ,
    painted,
    tiny_model,
    wanted,
)

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

Step = Callable[..., Any]


@pytest.fixture
def at_each_step(monkeypatch: pytest.MonkeyPatch) -> Callable[[Step], None]:
    """Return a function that runs something before each step of klein; it gets the latents."""
    from pipeline.engines.diffusion.families.klein import Klein

    real = Klein.step

    def install(before: Step) -> None:
        def step(self: Klein, latents: Any, *rest: Any) -> Any:
            before(latents)
            return real(self, latents, *rest)

        monkeypatch.setattr(Klein, "step", step)

    return install


def test_a_batch_too_large_is_halved_until_it_fits_and_the_size_is_remembered(
    open_engine: OpenEngine, at_each_step: Callable[[Step], None]
) -> None:
    engine, jobs = open_engine(), [wanted(seed) for seed in range(5)]
    bucket = engine.bucket(90, 60)
    expected = painted(engine, *jobs)
    sizes: list[int] = []

    def only_two_fit(latents: Any) -> None:
        sizes.append(len(latents))
        if len(latents) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")

    at_each_step(only_two_fit)
    pictures = painted(engine, *jobs)

    assert [differ(a, b) <= 1 for a, b in zip(pictures, expected, strict=True)] == [True] * 5
    assert engine.capacity(bucket) <= 2
    sizes.clear()
    painted(engine, *jobs)
    assert max(sizes) <= 2


def test_one_photo_that_does_not_fit_ends_the_engine_with_advice(
    open_engine: OpenEngine, at_each_step: Callable[[Step], None]
) -> None:
    def nothing_fits(_: Any) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    at_each_step(nothing_fits)

    with pytest.raises(EngineUnusable, match="SUISAI_MODEL=auto"):
        open_engine().paint([wanted(1), wanted(2)], lambda _: None)


def test_a_lost_device_ends_the_engine_for_good(
    open_engine: OpenEngine, at_each_step: Callable[[Step], None]
) -> None:
    engine, calls = open_engine(), []

    def device_lost(latents: Any) -> None:
        calls.append(len(latents))
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    at_each_step(device_lost)

    for _ in range(2):
        with pytest.raises(EngineUnusable, match="started anew"):
            engine.paint([wanted(1)], lambda _: None)
    assert calls == [1]


def test_an_error_that_is_no_fault_of_the_device_is_not_hidden(
    open_engine: OpenEngine, at_each_step: Callable[[Step], None]
) -> None:
    def slip(_: Any) -> None:
        raise RuntimeError("The size of tensor a must match the size of tensor b")

    at_each_step(slip)

    with pytest.raises(RuntimeError, match="size of tensor"):
        open_engine().paint([wanted(1)], lambda _: None)


def test_broken_weights_fail_as_pictures_and_not_as_black_ones(
    models: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    copytree(models / "klein", tmp_path / "klein")
    weights = tmp_path / "klein/vae/diffusion_pytorch_model.safetensors"
    broken = load_file(weights)
    broken["decoder.conv_out.bias"].fill_(float("nan"))
    save_file(broken, weights, metadata={"format": "pt"})
    options = Options(tmp_path, tmp_path / "cache", device="cpu", compiled=False)

    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM], options)
    results = engine.paint([wanted(1), wanted(2)], lambda _: None)

    assert [str(result) for result in results] == ["not-finite"] * 2
    assert all(isinstance(result, PaintingFailed) for result in results)


def test_a_black_picture_is_painted_once_more_with_another_seed(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.klein import Klein

    engine, unlucky, lucky = open_engine(), wanted(1), wanted(2)
    other_seed = replace(unlucky, seed=unlucky.seed + SECOND_SEED)
    expected = painted(engine, other_seed, lucky)
    real = Klein.decode
    rows: list[int] = []

    def first_row_black_once(self: Klein, latents: Any) -> Any:
        pictures = real(self, latents)
        if not rows:
            pictures[0] = -1
        rows.append(len(pictures))
        return pictures

    monkeypatch.setattr(Klein, "decode", first_row_black_once)
    again, kept = painted(engine, unlucky, lucky)

    assert rows == [2, 1]
    assert differ(again, expected[0]) <= 1
    assert differ(kept, expected[1]) <= 1


def test_a_picture_that_stays_black_is_an_apology(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.klein import Klein

    monkeypatch.setattr(Klein, "decode", lambda *_: torch.full((1, 3, 48, 80), -1.0))

    (result,) = open_engine().paint([wanted(1)], lambda _: None)

    assert isinstance(result, PaintingFailed)
    assert result.reason == "black-picture"
