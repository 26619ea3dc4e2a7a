"""The real architectures at real sizes, on torch's meta device: shapes and weights without any memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pipeline.engines.diffusion.canvas import buckets, shape_of
from pipeline.models import GIB, load_model

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")


@contextmanager
def meta(dtype: Any) -> Iterator[None]:
    """Make everything that is created here without memory, in this type."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device("meta"):
            yield
    finally:
        torch.set_default_dtype(usual)


@pytest.fixture(scope="module")
def klein() -> Any:
    """Return FLUX.2 klein 4B as its published configuration has it, without weights."""
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel

    from pipeline.engines.diffusion.families.klein import Klein
    from tests.pipeline.engines.diffusion.tiny import assembled_klein

    with meta(torch.bfloat16):
        transformer = Flux2Transformer2DModel(
            num_layers=5,
            num_single_layers=20,
            num_attention_heads=24,
            joint_attention_dim=7680,
            guidance_embeds=False,
        )
        vae = AutoencoderKLFlux2()
    pipe = assembled_klein(transformer.eval(), vae.eval(), None)
    return Klein(pipe, load_model("flux2-klein"))


@pytest.mark.parametrize("side_px", [512, 768, 1024])
@pytest.mark.parametrize("batch", [1, 4])
def test_klein_encodes_steps_and_decodes_every_size(side_px: int, batch: int, klein: Any) -> None:
    assert _decoded_size(klein, side_px, side_px, batch) == (batch, 3, side_px, side_px)


@pytest.mark.parametrize("bucket", buckets())
def test_klein_takes_every_shape_that_photos_are_fitted_into(bucket: str, klein: Any) -> None:
    shape = shape_of(bucket, klein._model.recipe.side_px)
    size = _decoded_size(klein, shape.height_px, shape.width_px, 1)
    assert size == (1, 3, shape.height_px, shape.width_px)


def _decoded_size(klein: Any, height_px: int, width_px: int, batch: int) -> tuple[int, ...]:
    from pipeline.engines.diffusion.family import StepInputs

    with torch.no_grad(), torch.device("meta"):
        photos = torch.empty(batch, 3, height_px, width_px, dtype=torch.bfloat16)
        reference = klein.encode(photos)
        with torch.device("cpu"):
            times = klein.times([1.0] * batch, 4, reference)
        embeds = {
            "prompt": torch.empty(batch, 512, 7680, dtype=torch.bfloat16),
            "places": torch.empty(batch, 512, 4),
        }
        inputs = StepInputs(reference, embeds, torch.empty(batch))
        times = times.to("meta")
        latents = klein.start(reference, torch.empty_like(reference.latents), times[:, 0])
        latents = klein.step(latents, inputs, times[:, 0], times[:, 1])
        return tuple(klein.decode(latents).shape)


def _architectures() -> dict[str, Any]:
    from diffusers import (
        FluxTransformer2DModel,
        QwenImageTransformer2DModel,
        UNet2DConditionModel,
    )

    return {
        "kontext": lambda: FluxTransformer2DModel(guidance_embeds=True),
        "qwen-edit": QwenImageTransformer2DModel,
        "ghibli-sd15": lambda: UNet2DConditionModel(cross_attention_dim=768),
    }


@pytest.mark.parametrize("name", ["flux2-klein", "kontext", "qwen-edit", "ghibli-sd15"])
def test_a_model_claims_more_memory_than_its_weights_take(name: str, klein: Any) -> None:
    model = load_model(name)
    if name == "flux2-klein":
        network = klein.body
    else:
        with meta(torch.bfloat16):
            network = _architectures()[name]()
    weights_gib = 2 * sum(each.numel() for each in network.parameters()) / GIB

    assert weights_gib < model.memory_gib


def test_eight_bit_klein_claims_more_than_its_weights_take(klein: Any) -> None:
    weights_gib = sum(each.numel() for each in klein.body.parameters()) / GIB

    assert weights_gib < load_model("flux2-klein-8gb").memory_gib
