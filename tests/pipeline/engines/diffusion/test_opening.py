"""How an engine starts: what it needs, what it says when that is not there, and what it keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.errors import EngineUnusable
from pipeline.models import GIB, Lora
from pipeline.styles import Diffusion, Style
from tests.pipeline.engines.diffusion.conftest import (
    FILM,
    INK,
    CountedCpu,
    OpenEngine,
    differ,
    lora_source,
    painted,
    tiny_model,
    wanted,
)

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")


def on_cpu(models: Path, cache: Path) -> Options:
    return Options(models, cache, device="cpu", compiled=False)


def test_without_torch_photos_are_still_sorted_and_painting_names_the_remedy(
    tmp_path: Path,
) -> None:
    script = """
import sys
sys.modules["torch"] = None
from pathlib import Path
from pipeline.errors import EngineUnusable
from pipeline.engines.diffusion import DiffusionEngine, Options
from pipeline.models import load_model

engine = DiffusionEngine(load_model("flux2-klein"), [], Options(Path(), Path()))
print(engine.bucket(1024, 683))
try:
    engine.warm_up()
except EngineUnusable as error:
    print(error)
"""
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    assert told.stdout.splitlines() == [
        "3x2",
        "The diffusion engine needs torch: install it with `pip install suisai[gpu]`.",
    ]


def test_a_model_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM], on_cpu(tmp_path, tmp_path))

    with pytest.raises(EngineUnusable, match="suisai models pull flux2-klein"):
        engine.warm_up()


def test_a_torn_file_names_the_command(models: Path, tmp_path: Path) -> None:
    copytree(models / "klein", tmp_path / "klein")
    weights = tmp_path / "klein/transformer/diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])

    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM], on_cpu(tmp_path, tmp_path / "c"))

    with pytest.raises(EngineUnusable, match="suisai models pull flux2-klein` again"):
        engine.warm_up()


def test_a_pickle_is_never_opened(models: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    copytree(models / "klein", tmp_path / "klein")
    folder = tmp_path / "klein/transformer"
    safe = folder / "diffusion_pytorch_model.safetensors"
    torch.save(load_file(safe), folder / "diffusion_pytorch_model.bin")
    safe.unlink()

    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM], on_cpu(tmp_path, tmp_path / "c"))

    with pytest.raises(EngineUnusable, match="cannot be read"):
        engine.warm_up()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_no_gpu_is_one_clear_sentence(models: Path, tmp_path: Path) -> None:
    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM], Options(models, tmp_path))

    with pytest.raises(EngineUnusable, match="SUISAI_ENGINE=painter"):
        engine.warm_up()


@pytest.mark.parametrize("name", ["flux2-klein", "kontext", "ghibli-sd15"])
def test_words_are_read_once_and_the_text_encoder_is_not_needed_again(
    name: str, models: Path, tmp_path: Path
) -> None:
    copytree(models, tmp_path / "models")
    options = on_cpu(tmp_path / "models", tmp_path / "cache")
    model = tiny_model(name)
    (first,) = painted(DiffusionEngine(model, [FILM, INK], options), wanted(1))
    for weights in (tmp_path / "models" / model.family).glob("text_encoder*/model.safetensors"):
        weights.write_bytes(b"")

    (again,) = painted(DiffusionEngine(model, [FILM, INK], options), wanted(1))

    assert differ(first, again) == 0


def test_eight_bit_weights_paint_almost_the_same(open_engine: OpenEngine) -> None:
    (full,) = painted(open_engine("flux2-klein"), wanted(1))
    (narrow,) = painted(open_engine("flux2-klein-8gb"), wanted(1))

    assert 0 < np.abs(full.astype(int) - narrow).mean() < 4


def make_lora(models: Path, folder: Path) -> None:
    """Write a LoRA for the tiny klein, as the library writes them."""
    from diffusers import Flux2Transformer2DModel
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict
    from safetensors.torch import save_file

    net = Flux2Transformer2DModel.from_pretrained(models / "klein/transformer")
    torch.manual_seed(3)
    net.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_k"], init_lora_weights=False))
    folder.mkdir(parents=True)
    weights = {f"transformer.{k}": v for k, v in get_peft_model_state_dict(net).items()}
    save_file(weights, folder / "lora.safetensors")


def test_a_constant_lora_changes_every_picture(
    models: Path, open_engine: OpenEngine, tmp_path: Path
) -> None:
    if not (models / "quick").exists():
        make_lora(models, models / "quick")
    lora = Lora("quick", lora_source("quick"), always=True)

    (plain,) = painted(open_engine(), wanted(1))
    (changed,) = painted(open_engine(loras=(lora,)), wanted(1))

    assert differ(plain, changed) > 1


def test_a_styles_lora_changes_only_that_style_even_in_one_batch(
    models: Path, cache: Path, open_engine: OpenEngine
) -> None:
    if not (models / "brush").exists():
        make_lora(models, models / "brush")
    lora = Lora("brush", lora_source("brush"))
    brushed = Style("brushed", diffusion=Diffusion(prompt=FILM.diffusion.prompt, lora=("brush@2",)))
    engine = DiffusionEngine(
        tiny_model("flux2-klein", loras=(lora,)), [FILM, brushed], on_cpu(models, cache)
    )

    (plain,) = painted(open_engine(), wanted(1))
    one, other, third = painted(engine, wanted(1), wanted(1, brushed), wanted(1))

    assert differ(plain, one) <= 1
    assert differ(plain, third) <= 1
    assert differ(plain, other) > 1


@pytest.mark.parametrize(("free_gib", "fit"), [(3, 1), (4, 2), (7, 4), (100, 8)])
def test_the_batch_size_follows_from_measured_memory(
    free_gib: int,
    fit: int,
    open_engine: OpenEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    device = CountedCpu(free_gib * GIB, weights=GIB, each=GIB)
    monkeypatch.setattr("pipeline.engines.diffusion.loaded_model.open_device", lambda _: device)
    engine = open_engine()

    engine.warm_up()

    assert engine.capacity(engine.bucket(4, 3)) == fit


def test_memory_that_is_too_small_at_the_start_is_a_sentence(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.klein import Klein

    def too_much(*_: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(Klein, "encode", too_much)

    with pytest.raises(EngineUnusable, match="Not even one photo fits"):
        open_engine().warm_up()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_without_a_compiler_pictures_are_painted_all_the_same(
    models: Path, cache: Path, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch._inductor.config as inductor

    monkeypatch.setattr(inductor.cpp, "cxx", ("/no/such/compiler",))
    monkeypatch.setattr(inductor, "fx_graph_cache", False)
    options = Options(models, cache, device="cpu", compiled=True)
    engine = DiffusionEngine(tiny_model("flux2-klein"), [FILM, INK], options)

    with pytest.warns(RuntimeWarning, match="painting without compiled blocks"):
        engine.warm_up()

    assert differ(painted(engine, wanted(1))[0], painted(open_engine(), wanted(1))[0]) <= 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.skipif(
    "SUISAI_TEST_COMPILED" not in os.environ, reason="takes minutes: SUISAI_TEST_COMPILED=1"
)
@pytest.mark.parametrize("name", ["flux2-klein", "kontext", "ghibli-sd15"])
@pytest.mark.timeout(600)
def test_compiled_blocks_paint_the_same_and_are_kept(
    name: str, models: Path, tmp_path: Path, open_engine: OpenEngine
) -> None:
    options = Options(models, tmp_path, device="cpu", compiled=True)
    engine = DiffusionEngine(tiny_model(name), [FILM, INK], options)

    engine.warm_up()

    assert differ(painted(engine, wanted(1))[0], painted(open_engine(name), wanted(1))[0]) <= 1
    assert list((tmp_path / "kernels").glob("*.bin"))
