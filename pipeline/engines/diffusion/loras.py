"""LoRAs over a model: those that always lie there are melted in, a style's own are put on for its call."""

from __future__ import annotations

from pathlib import Path

from pipeline.engines.diffusion.torch_types import Pipe
from pipeline.models import Lora, Model

Worn = tuple[tuple[str, float], ...]
"""Names and weights."""


def fuse(pipe: Pipe, model: Model, models: Path) -> None:
    """Load all of a model's LoRAs; a model that has only constant ones is as fast as without any."""
    for lora in model.loras:
        _load(pipe, lora, models)
    constant = all(lora.always for lora in model.loras)
    if model.loras and constant:
        activate(pipe, model, ())
        pipe.fuse_lora(adapter_names=[lora.name for lora in model.loras])
        pipe.unload_lora_weights()
    elif model.loras:
        activate(pipe, model, ())


def activate(pipe: Pipe, model: Model, wanted: Worn) -> None:
    """Put on the LoRAs of one call, and those that are always worn; the others come off."""
    always = tuple((lora.name, lora.weight) for lora in model.loras if lora.always)
    worn = always + wanted
    if worn:
        pipe.enable_lora()
        pipe.set_adapters([name for name, _ in worn], [weight for _, weight in worn])
    else:
        pipe.disable_lora()


def changes_by_style(model: Model) -> bool:
    """Say whether calls differ in what they wear."""
    return any(not lora.always for lora in model.loras)


def _load(pipe: Pipe, lora: Lora, models: Path) -> None:
    (file,) = lora.source.parts
    pipe.load_lora_weights(
        models / lora.source.folder,
        weight_name=file,
        adapter_name=lora.name,
        use_safetensors=True,
        local_files_only=True,
    )
