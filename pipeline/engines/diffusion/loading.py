"""Opens a model's files, without network access and without unpickling."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import torch

from pipeline.engines.diffusion.families.klein import Klein
from pipeline.engines.diffusion.families.kontext import Kontext
from pipeline.engines.diffusion.families.qwen_edit import QwenEdit
from pipeline.engines.diffusion.families.sd15 import StableDiffusion15
from pipeline.engines.diffusion.family import Family
from pipeline.engines.diffusion.loras import fuse
from pipeline.engines.diffusion.torch_types import Net, Pipe, silence_logging
from pipeline.errors import EngineUnusable
from pipeline.models import Model, ModelSource
from pipeline.models.selection import missing_parts

FAMILIES: dict[str, Any] = {
    "klein": Klein,
    "kontext": Kontext,
    "qwen-edit": QwenEdit,
    "sd15": StableDiffusion15,
}

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}

PAINTING_PARTS = ("transformer", "unet", "vae", "controlnet")

SCREENING_PARTS = ("safety_checker", "feature_extractor")
"""Not loaded: pictures are screened in one place after every engine, not by single models."""


def prompt_needs_photo(model: Model) -> bool:
    """Return whether the model encodes its prompt together with each photo."""
    return bool(FAMILIES[model.family].prompt_needs_photo)


def open_text_encoder(model: Model, models: Path, device: str) -> Family:
    """Return the model's text encoder alone, ready to encode prompts. Raises `EngineUnusable`."""
    kind = FAMILIES[model.family]
    pipe = _opened(model, models, kind.pipeline, without=PAINTING_PARTS)
    family: Family = kind(pipe.to(device), model)
    return family


def open_painter(model: Model, models: Path, device: str) -> Family:
    """Return the model without its text encoder, ready to paint. Raises `EngineUnusable`."""
    kind = FAMILIES[model.family]
    pipe = _opened(model, models, kind.pipeline, without=kind.text_encoder_parts)
    fuse(pipe, model, models)
    family: Family = kind(pipe, model)
    if model.quantisation == "fp8":
        family.body.enable_layerwise_casting(torch.float8_e4m3fn, DTYPES[model.dtype])
    pipe.to(device)
    return family


def _opened(model: Model, models: Path, pipeline: str, without: Sequence[str]) -> Pipe:
    if missing_parts(model, models):
        raise EngineUnusable(
            f"The model {model.name} is not on this machine: run `suisai models pull {model.name}`."
        )
    silence_logging()
    try:
        return _pipe(model, models, getattr(diffusers, pipeline), without)
    except ImportError as error:
        raise EngineUnusable(
            f"The model {model.name} needs a library that is not installed ({error}):"
            " run `pip install suisai[qwen]`."
        ) from error
    except (OSError, ValueError) as error:
        raise EngineUnusable(
            f"The files of {model.name} cannot be read ({error}):"
            f" run `suisai models pull {model.name}` again."
        ) from error


def _pipe(model: Model, models: Path, pipeline: type[Pipe], without: Sequence[str]) -> Pipe:
    wanted = set(pipeline._get_signature_types())
    parts: dict[str, Any] = {name: None for name in (*without, *SCREENING_PARTS) if name in wanted}
    if "requires_safety_checker" in wanted:
        parts["requires_safety_checker"] = False
    if model.controlnet and "controlnet" not in parts:
        parts["controlnet"] = _controlnet(model.controlnet, models, DTYPES[model.dtype])
    return pipeline.from_pretrained(
        models / model.source.folder,
        dtype=DTYPES[model.dtype],
        use_safetensors=True,
        local_files_only=True,
        **parts,
    )


def _controlnet(source: ModelSource, models: Path, dtype: torch.dtype) -> Net:
    return diffusers.ControlNetModel.from_pretrained(
        models / source.folder,
        dtype=dtype,
        variant=source.variant or None,
        use_safetensors=True,
        local_files_only=True,
    )
