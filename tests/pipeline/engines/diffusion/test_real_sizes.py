"""The real architectures at real sizes, on torch's meta device: shapes and weights without any memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from pipeline.engines.diffusion.canvas import buckets, shape_of
from pipeline.models import GIB, load_model

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

pytestmark = pytest.mark.slow


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


@pytest.fixture(scope="module")
def kontext() -> Any:
    """Return FLUX.1 Kontext as its published configuration has it, without weights."""
    import diffusers
    import transformers

    from pipeline.engines.diffusion.families.kontext import Kontext
    from tests.pipeline.engines.diffusion.tiny import clip_tokenizer, t5_tokenizer

    clip, t5 = clip_tokenizer(), t5_tokenizer()
    with meta(torch.bfloat16):
        transformer = diffusers.FluxTransformer2DModel(guidance_embeds=True)
        vae = diffusers.AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            latent_channels=16,
            layers_per_block=2,
            scaling_factor=0.3611,
            shift_factor=0.1159,
            use_quant_conv=False,
            use_post_quant_conv=False,
        )
        clip_large = transformers.CLIPTextConfig(
            hidden_size=768,
            intermediate_size=3072,
            num_hidden_layers=12,
            num_attention_heads=12,
            projection_dim=768,
            bos_token_id=clip.bos_token_id,
            eos_token_id=clip.eos_token_id,
        )
        t5_xxl = transformers.T5Config(
            d_model=4096,
            d_kv=64,
            d_ff=10_240,
            num_layers=24,
            num_heads=64,
            feed_forward_proj="gated-gelu",
        )
        encoders = transformers.CLIPTextModel(clip_large), transformers.T5EncoderModel(t5_xxl)
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    pipe = diffusers.FluxKontextPipeline(
        scheduler, vae.eval(), encoders[0].eval(), clip, encoders[1].eval(), t5, transformer.eval()
    )
    return Kontext(pipe, load_model("kontext"))


@pytest.fixture(scope="module")
def qwen_edit() -> Any:
    """Return Qwen-Image-Edit as its published configuration has it, without weights and processor."""
    import diffusers

    from pipeline.engines.diffusion.families.qwen_edit import QwenEdit

    with meta(torch.bfloat16):
        transformer = diffusers.QwenImageTransformer2DModel()
        vae = diffusers.AutoencoderKLQwenImage()
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True)
    pipe = diffusers.QwenImageEditPlusPipeline(
        scheduler, vae.eval(), None, None, None, transformer.eval()
    )
    return QwenEdit(pipe, load_model("qwen-edit"))


KLEIN_EMBEDS = {"prompt": (512, 7680), "places": (512, 4)}
KONTEXT_EMBEDS = {"prompt": (512, 4096), "pooled": (768,)}
QWEN_EMBEDS = {"prompt": (800, 3584)}


@pytest.mark.parametrize("bucket", ["1x1", "16x9", "2x3"])
def test_kontext_encodes_steps_and_decodes_its_own_sizes(bucket: str, kontext: Any) -> None:
    shape = shape_of(bucket, load_model("kontext").recipe.side_px)
    for batch in (1, 2):
        size = _decoded_size(kontext, shape.height_px, shape.width_px, batch, KONTEXT_EMBEDS)
        assert size == (batch, 3, shape.height_px, shape.width_px)


def test_kontexts_text_encoders_give_what_its_transformer_takes(kontext: Any) -> None:
    with torch.no_grad():
        embeds = kontext.encode_prompt("a film still", "", None)

    found = {name: tuple(tensor.shape[1:]) for name, tensor in embeds.items()}
    assert found == {**KONTEXT_EMBEDS, "prompt": (load_model("kontext").text_tokens, 4096)}


@pytest.mark.parametrize("bucket", ["1x1", "16x9", "2x3"])
def test_qwen_edit_encodes_steps_and_decodes_its_own_sizes(bucket: str, qwen_edit: Any) -> None:
    shape = shape_of(bucket, load_model("qwen-edit").recipe.side_px)
    size = _decoded_size(qwen_edit, shape.height_px, shape.width_px, 1, QWEN_EMBEDS)
    assert size == (1, 3, shape.height_px, shape.width_px)


def test_the_text_encoders_claim_more_than_their_weights_take(kontext: Any) -> None:
    import transformers

    with meta(torch.bfloat16):
        config = transformers.Qwen2_5_VLConfig(
            text_config={"hidden_size": 3584, "intermediate_size": 18_944, "num_hidden_layers": 28,
                         "num_attention_heads": 28, "num_key_value_heads": 4, "vocab_size": 152_064},
            vision_config={"hidden_size": 1280, "out_hidden_size": 3584, "intermediate_size": 3420},
        )  # fmt: skip
        reader = transformers.Qwen2_5_VLForConditionalGeneration(config)
    pipe = kontext.pipe
    kontext_gib = _gib(pipe.text_encoder) + _gib(pipe.text_encoder_2)
    qwen_gib = _gib(reader)

    assert kontext_gib < load_model("kontext").text_encoder_gib * 1.05
    assert qwen_gib < load_model("qwen-edit").text_encoder_gib * 1.05


def _gib(network: Any) -> float:
    return float(2 * sum(each.numel() for each in network.parameters()) / GIB)


def _decoded_size(
    family: Any,
    height_px: int,
    width_px: int,
    batch: int,
    embeds: Mapping[str, tuple[int, ...]] = KLEIN_EMBEDS,
) -> tuple[int, ...]:
    from pipeline.engines.diffusion.family import StepInputs

    with torch.no_grad(), torch.device("meta"):
        photos = torch.empty(batch, 3, height_px, width_px, dtype=torch.bfloat16)
        reference = family.encode(photos)
        with torch.device("cpu"):
            times = family.times([1.0] * batch, 4, reference)
        prompt_embeds = {
            name: torch.empty(
                batch, *shape, dtype=torch.float32 if name == "places" else torch.bfloat16
            )
            for name, shape in embeds.items()
        }
        inputs = StepInputs(reference, prompt_embeds, torch.empty(batch))
        times = times.to("meta")
        latents = family.start(reference, torch.empty_like(reference.latents), times[:, 0])
        latents = family.step(latents, inputs, times[:, 0], times[:, 1])
        return tuple(family.decode(latents).shape)


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
