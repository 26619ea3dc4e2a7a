"""FLUX.2 klein with random weights; speed does not depend on their values."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKLFlux2,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
)
from transformers import Qwen3Config, Qwen3ForCausalLM

from pipeline.models import Model, Recipe, load_model
from tests.pipeline.engines.diffusion.tiny import assembled_klein, make_klein


@dataclass(frozen=True, slots=True)
class Bench:
    """A complete model on its device, and the sizes to measure."""

    pipe: Any
    model: Model
    device: str
    sides_px: tuple[int, ...]
    batches: tuple[int, ...]
    rounds: int


def tiny_bench(folder: Path) -> Bench:
    """Return a model of half a megabyte for the CPU, to test the benchmark and to compare ratios."""
    make_klein(folder)
    pipe = Flux2KleinPipeline.from_pretrained(folder)
    model = replace(load_model("flux2-klein"), dtype="float32", text_tokens=64, batch_max=4)
    return Bench(pipe, model, "cpu", (64, 128), (1, 2, 4), rounds=15)


def real_bench(device: str) -> Bench:
    """Return the architecture of the 4B model in bf16, from its published configuration."""
    with torch.device(device):
        default = torch.get_default_dtype()
        torch.set_default_dtype(torch.bfloat16)
        transformer = Flux2Transformer2DModel(
            num_layers=5,
            num_single_layers=20,
            num_attention_heads=24,
            joint_attention_dim=7680,
            guidance_embeds=False,
        )
        text_encoder = Qwen3ForCausalLM(QWEN3_4B)
        vae = AutoencoderKLFlux2()
        torch.set_default_dtype(default)
    pipe = assembled_klein(transformer.eval(), vae.eval(), text_encoder.eval())
    return Bench(pipe, load_model("flux2-klein"), device, (512, 768, 1024), (1, 2, 4, 8), rounds=5)


def at_side(model: Model, side_px: int) -> Model:
    """Return the model, painting squares of this side."""
    recipe = Recipe(model.recipe.steps, side_px)
    return replace(model, recipe=recipe, draft=recipe)


QWEN3_4B = Qwen3Config(
    vocab_size=151_936,
    hidden_size=2560,
    intermediate_size=9728,
    num_hidden_layers=36,
    num_attention_heads=32,
    num_key_value_heads=8,
    head_dim=128,
    tie_word_embeddings=True,
)
