"""Our loop, row by row, against the library's own pipelines, which paint one photo at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.pipeline.engines.diffusion.conftest import photo, tiny_model

torch = pytest.importorskip("torch", reason="needs the extra `gpu`")

SIDE = 64
STEPS = 3


@pytest.fixture
def image() -> Image.Image:
    return Image.fromarray(photo(5, SIDE, SIDE))


def ours(family: Any, image: Image.Image, words: Any, seed: int, share: float = 1.0) -> Any:
    """Paint as the engine does and return the picture, H x W x 3."""
    from pipeline.engines.diffusion.device import Cpu
    from pipeline.engines.diffusion.sampling import SamplingInputs, sample

    inputs = SamplingInputs(np.asarray(image)[None].copy(), [seed], [share], [2.5], STEPS)
    (painted,) = sample(family, inputs, words, Cpu(), lambda _: None)
    assert painted.finite
    return painted.pixels


def noise(seed: int, *shape: int) -> Any:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def assert_same(picture: Any, stock: Image.Image) -> None:
    assert np.abs(picture.astype(int) - np.asarray(stock)).max() <= 1


def test_klein_paints_what_the_librarys_pipeline_paints(models: Path, image: Image.Image) -> None:
    from diffusers import Flux2KleinPipeline

    from pipeline.engines.diffusion.families.klein import Klein

    pipe = Flux2KleinPipeline.from_pretrained(models / "klein")
    family = Klein(pipe, tiny_model("flux2-klein"))
    words = family.encode_prompt("a drawing", "", None)
    start = noise(3, 1, 16, SIDE // 16, SIDE // 16)

    stock = pipe(
        image=image,
        prompt_embeds=words["prompt"],
        latents=start,
        num_inference_steps=STEPS,
        guidance_scale=1.0,
    ).images[0]

    assert_same(ours(family, image, words, 3), stock)


def test_kontext_paints_what_the_librarys_pipeline_paints(models: Path, image: Image.Image) -> None:
    from diffusers import FluxKontextPipeline

    from pipeline.engines.diffusion.families.kontext import Kontext

    pipe = FluxKontextPipeline.from_pretrained(models / "kontext")
    family = Kontext(pipe, tiny_model("kontext"))
    words = family.encode_prompt("a drawing", "", None)
    start = noise(3, 1, 4, SIDE // 8, SIDE // 8)

    stock = pipe(
        image=image,
        prompt_embeds=words["prompt"],
        pooled_prompt_embeds=words["pooled"],
        latents=pipe._pack_latents(start, *start.shape),
        height=SIDE,
        width=SIDE,
        num_inference_steps=STEPS,
        guidance_scale=2.5,
        max_area=SIDE * SIDE,
        _auto_resize=False,
    ).images[0]

    assert_same(ours(family, image, words, 3), stock)


def test_qwen_edit_paints_what_the_librarys_pipeline_paints(
    image: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.engines.diffusion.families.qwen_edit import QwenEdit
    from tests.pipeline.engines.diffusion.tiny import tiny_qwen_edit

    library = "diffusers.pipelines.qwenimage.pipeline_qwenimage_edit_plus"
    monkeypatch.setattr(f"{library}.VAE_IMAGE_SIZE", SIDE * SIDE)
    pipe = tiny_qwen_edit()
    words = {"prompt": noise(8, 1, 12, 16)}
    start = noise(3, 1, 4, SIDE // 8, SIDE // 8)

    stock = pipe(
        image=[image],
        prompt_embeds=words["prompt"],
        prompt_embeds_mask=torch.ones(1, 12, dtype=torch.long),
        latents=pipe._pack_latents(start, *start.shape),
        height=SIDE,
        width=SIDE,
        num_inference_steps=STEPS,
        true_cfg_scale=1.0,
    ).images[0]
    family = QwenEdit(pipe, tiny_model("qwen-edit", shift=None))

    assert_same(ours(family, image, words, 3), stock)


def test_qwen_edits_lora_replaces_the_schedule_by_a_fixed_shift() -> None:
    from pipeline.engines.diffusion.families.qwen_edit import QwenEdit
    from tests.pipeline.engines.diffusion.tiny import tiny_qwen_edit

    family = QwenEdit(tiny_qwen_edit(), tiny_model("qwen-edit"))
    reference = family.encode(torch.zeros(1, 3, SIDE, SIDE))
    (levels,) = family.times([1.0], 4, reference).tolist()

    assert levels == pytest.approx([1, 0.9, 0.75, 0.5, 0], abs=1e-6)


def test_stable_diffusion_keeps_to_the_librarys_ddim_steps(models: Path) -> None:
    from diffusers import ControlNetModel, DDIMScheduler, StableDiffusionControlNetImg2ImgPipeline

    from pipeline.engines.diffusion.families.sd15 import StableDiffusion15
    from pipeline.engines.diffusion.family import StepInputs

    net = ControlNetModel.from_pretrained(models / "controlnet", variant="fp16")
    pipe = StableDiffusionControlNetImg2ImgPipeline.from_pretrained(
        models / "sd15", controlnet=net, safety_checker=None, requires_safety_checker=False
    )
    family = StableDiffusion15(pipe, tiny_model("ghibli-sd15"))
    words = family.encode_prompt("a drawing", "a photo", None)
    reference = family.encode(
        torch.from_numpy(photo(5, SIDE, SIDE)).permute(2, 0, 1)[None] / 127.5 - 1
    )
    latents, now, then = noise(3, 1, 4, 8, 8), torch.tensor([600.0]), torch.tensor([500.0])
    seen: list[Any] = []
    pipe.unet.register_forward_hook(lambda *call: seen.append(call[-1][0]))

    stepped = family.step(latents, StepInputs(reference, words, torch.tensor([5.0])), now, then)

    scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    scheduler.set_timesteps(10)
    without, toward = seen[0].chunk(2)
    guided = without + 5.0 * (toward - without)
    expected = scheduler.step(guided, 600, latents).prev_sample
    torch.testing.assert_close(stepped, expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("share", [0.05, 0.25, 1.0])
def test_the_share_is_how_far_a_picture_starts_from_its_photo(share: float, models: Path) -> None:
    from diffusers import Flux2KleinPipeline

    from pipeline.engines.diffusion.families.klein import Klein

    family = Klein(Flux2KleinPipeline.from_pretrained(models / "klein"), tiny_model("flux2-klein"))
    with torch.no_grad():
        reference = family.encode(torch.zeros(1, 3, SIDE, SIDE))
    far = noise(1, *reference.latents.shape)

    time = family.times([share], STEPS, reference)[:, 0]
    start = family.start(reference, far, time)

    moved = (start - reference.latents).norm() / (far - reference.latents).norm()
    assert float(moved) == pytest.approx(float(time), abs=1e-4)
    assert (float(time) > 0.99) == (share == 1.0)
