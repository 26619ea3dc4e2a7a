"""What an operator gets, or is told, for the name of a model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.engines import EngineOptions, load_engine
from pipeline.engines.diffusion import Options, start_engine
from pipeline.engines.diffusion.factory import has_driver
from pipeline.engines.diffusion.options import NO_GPU
from pipeline.errors import EngineUnusable
from pipeline.models import GIB, load_model
from tests.pipeline.engines.diffusion.conftest import FILM

Gpu = Callable[[float], None]


@pytest.fixture
def gpu_with(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """Return a function that makes the device report so much free memory."""

    def install(free_gib: float) -> None:
        monkeypatch.setattr(
            "pipeline.engines.diffusion.factory.free_memory", lambda _: int(free_gib * GIB)
        )

    return install


def pretend_pulled(name: str, models: Path) -> None:
    for source in load_model(name).sources:
        for part in source.parts:
            (models / source.folder / part).mkdir(parents=True)


def test_auto_starts_what_fits_and_says_why(gpu_with: Gpu, tmp_path: Path) -> None:
    gpu_with(24)
    pretend_pulled("flux2-klein", tmp_path)

    told: list[str] = []

    engine = start_engine("auto", [FILM], Options(tmp_path, tmp_path), told.append)

    assert engine.model.name == "flux2-klein"
    assert told == ["flux2-klein: 24.0 GiB of GPU memory are free and flux2-klein needs 12 GiB"]


def test_a_model_that_was_never_pulled_names_the_command(gpu_with: Gpu, tmp_path: Path) -> None:
    gpu_with(8)

    with pytest.raises(EngineUnusable, match="run `suisai models pull flux2-klein-8gb`"):
        start_engine("auto", [FILM], Options(tmp_path, tmp_path), print)


def test_too_little_memory_and_unknown_names_are_sentences_too(
    gpu_with: Gpu, tmp_path: Path
) -> None:
    gpu_with(1)

    with pytest.raises(EngineUnusable, match="SUISAI_ENGINE=painter"):
        start_engine("auto", [FILM], Options(tmp_path, tmp_path), print)
    with pytest.raises(EngineUnusable, match="There is no model 'flux3'"):
        start_engine("flux3", [FILM], Options(tmp_path, tmp_path), print)


def test_the_engines_are_brought_up_by_name(tmp_path: Path) -> None:
    options = EngineOptions("auto", [FILM], tmp_path, tmp_path, "cuda", print)

    assert load_engine("painter", options).name == "painter"
    with pytest.raises(EngineUnusable, match="painter, diffusion"):
        load_engine("crayon", options)


def test_a_machine_without_a_driver_is_told_so_without_loading_torch(tmp_path: Path) -> None:
    if has_driver():
        pytest.skip("there is a GPU driver")
    pytest.importorskip("torch", reason="needs the extra `gpu`")
    script = f"""
import sys
from pathlib import Path
from pipeline.errors import EngineUnusable
from pipeline.engines.diffusion import Options, start_engine

try:
    start_engine("auto", [], Options(Path({str(tmp_path)!r}), Path()), print)
except EngineUnusable as error:
    print(error)
print("torch" in sys.modules)
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert told.stdout.splitlines() == [NO_GPU, "False"]


def test_a_named_model_may_paint_on_the_cpu_for_a_try(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the extra `gpu`")
    pretend_pulled("flux2-klein", tmp_path)

    engine = start_engine("flux2-klein", [FILM], Options(tmp_path, tmp_path, "cpu"), print)

    assert engine.model.name == "flux2-klein"
