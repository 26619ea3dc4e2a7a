"""LoRAs of a model: constant ones are fused if there are no others, a style's are set for its call."""

from __future__ import annotations

from pathlib import Path

from pipeline.engines.diffusion.torch_types import Pipe
from pipeline.models import Lora, Model

Weights = tuple[tuple[str, float], ...]
"""Names and weights."""


def fuse(pipe: Pipe, model: Model, models: Path) -> None:
    """Load all LoRAs of a model; if all are constant they are fused and cost no time."""
    for lora in model.loras:
        _load(pipe, lora, models)
    constant = all(lora.always for lora in model.loras)
    if model.loras and constant:
        activate(pipe, model, ())
        pipe.fuse_lora(adapter_names=[lora.name for lora in model.loras])
        pipe.unload_lora_weights()
    elif model.loras:
        activate(pipe, model, ())


def activate(pipe: Pipe, model: Model, wanted: Weights) -> None:
    """Activate the LoRAs of one call and the constant ones; deactivate the others."""
    always = tuple((lora.name, lora.weight) for lora in model.loras if lora.always)
    active = always + wanted
    if active:
        pipe.enable_lora()
        pipe.set_adapters([name for name, _ in active], [weight for _, weight in active])
    else:
        pipe.disable_lora()


def changes_by_style(model: Model) -> bool:
    """Return whether calls differ in their LoRAs."""
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
