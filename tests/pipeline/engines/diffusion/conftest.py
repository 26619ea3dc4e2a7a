"""Tiny models on disk, and engines that paint with them on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.engine import RGB, RenderJob
from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.errors import PaintingFailed
from pipeline.models import Model, ModelSource, Recipe, load_model
from pipeline.styles import Diffusion, Style

FILM = Style("film", diffusion=Diffusion(prompt="a hand-painted film still"))
INK = Style("ink", diffusion=Diffusion(prompt="a quick brush drawing", strength=(0.9, 1.0)))

OpenEngine = Callable[..., DiffusionEngine]


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with one tiny model of each family."""
    torch = pytest.importorskip("torch", reason="needs the extra `gpu`")
    # What is this small is sooner done than shared: threads would mostly wait for each other.
    torch.set_num_threads(1)
    from tests.pipeline.engines.diffusion import tiny

    folder = tmp_path_factory.mktemp("models")
    tiny.make_klein(folder / "klein")
    tiny.make_kontext(folder / "kontext")
    tiny.make_sd15(folder / "sd15")
    tiny.make_controlnet(folder / "controlnet")
    return folder


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder for what engines keep; it is shared, so that only the first one reads words."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def open_engine(models: Path, cache: Path) -> OpenEngine:
    """Return a maker of engines on the CPU: the shipped recipe of a name, on the tiny model's files."""

    def opened(name: str = "flux2-klein", **changes: Any) -> DiffusionEngine:
        options = Options(models, changes.pop("cache", cache), device="cpu", compiled=False)
        return DiffusionEngine(tiny_model(name, **changes), (FILM, INK), options)

    return opened


def tiny_model(name: str, **changes: Any) -> Model:
    """Return a shipped recipe, turned to the tiny files and to pictures of 64 pixels."""
    model = load_model(name)
    small: dict[str, Any] = {
        "source": replace(model.source, repository=model.family),
        "recipe": Recipe(steps=2, side_px=64),
        "draft": Recipe(steps=1, side_px=48),
        "dtype": "float32",
        "text_tokens": min(64, model.text_tokens),
        "loras": (),
    }
    if model.controlnet:
        small["controlnet"] = replace(model.controlnet, repository="controlnet")
    return replace(model, **(small | changes))


def photo(seed: int = 0, width: int = 90, height: int = 60) -> RGB:
    """Return a photo of coarse coloured squares."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 255, (height // 6 + 1, width // 6 + 1, 3), dtype=np.uint8)
    return np.ascontiguousarray(coarse.repeat(6, 0).repeat(6, 1)[:height, :width])


def wanted(seed: int = 0, style: Style = FILM, strength: float = 0.6, **size: int) -> RenderJob:
    """Return a job whose photo and seed follow from one number."""
    return RenderJob(photo(seed, **size), style, strength, seed)


def painted(engine: DiffusionEngine, *jobs: RenderJob) -> list[RGB]:
    """Paint all in one batch; every one of them must succeed."""
    results = engine.paint(jobs, lambda _: None)
    assert [result for result in results if isinstance(result, PaintingFailed)] == []
    return [result for result in results if not isinstance(result, PaintingFailed)]


def differ(one: RGB, other: RGB) -> int:
    """Return the largest difference of any channel; rounding of sums in another order gives 1."""
    return int(np.abs(one.astype(int) - other.astype(int)).max())


def lora_source(folder: str) -> ModelSource:
    """Return where a test's LoRA lies."""
    return ModelSource(folder, ("lora.safetensors",))


class CountedCpu:
    """A CPU that counts memory as a GPU would: so much free, so much for each photo of a call."""

    name = "cpu"
    title = "counted"

    def __init__(self, free: int, weights: int, each: int) -> None:
        self._free, self._weights, self._each = free, weights, each
        self._calls = 0

    def free_bytes(self) -> int | None:
        return self._free

    def watch_peak(self) -> Callable[[], int]:
        self._calls += 1
        return lambda: self._weights + self._calls * self._each

    def mark(self) -> Callable[[], None]:
        return lambda: None

    def tidy(self) -> None: ...

    def entered(self) -> AbstractContextManager[object]:
        return nullcontext()
