"""Qwen-Image-Edit: its text encoder gets the prompt together with the photo."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

import torch
from PIL import Image

from pipeline.engines.diffusion.family import PromptEmbeds, Reference, StepInputs
from pipeline.engines.diffusion.flow_matching import FlowFamily, fixed_shift, levels, shift_of, walk
from pipeline.engines.diffusion.torch_types import Pipe, Tensor
from pipeline.models import Model

ENCODED_SIDE_PX = 384
"""Side of the square whose area the photo has in the text encoder."""


class QwenEdit(FlowFamily):
    """Uses the components of QwenImageEditPlusPipeline on each row by itself."""

    pipeline: ClassVar[str] = "QwenImageEditPlusPipeline"
    text_encoder_parts: ClassVar[tuple[str, ...]] = ()
    prompt_needs_photo: ClassVar[bool] = True

    def __init__(self, pipe: Pipe, model: Model) -> None:
        super().__init__(pipe, model)
        if model.shift is not None:
            config = dict(pipe.scheduler.config) | {"shift_terminal": None}
            pipe.scheduler = pipe.scheduler.from_config(config)

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        # The few-step LoRA needs no second, unguided pass.
        if photo is None:
            raise ValueError("this family encodes its prompt together with a photo")
        words, _ = self.pipe.encode_prompt(prompt=prompt, image=[_resized(photo)])
        return {"prompt": words}

    def encode(self, photos: Tensor) -> Reference:
        pipe = self.pipe
        rows = [pipe._encode_vae_image(photo[None, :, None], generator=None) for photo in photos]
        latents = torch.cat(rows)[:, :, 0]
        tokens = self._packed(latents)
        size = (1, latents.shape[-2] // 2, latents.shape[-1] // 2)
        hints = {"tokens": tokens, "sizes": [[size, size]] * latents.shape[0]}
        return Reference(latents.float(), hints)

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        scheduler, shift = self.pipe.scheduler, self._model.shift
        tokens = reference.hints["tokens"].shape[1]
        mu = shift_of(scheduler.config, tokens) if shift is None else fixed_shift(shift)
        return levels(scheduler, shares, steps, mu)

    def step(self, latents: Tensor, step_inputs: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        tokens = self._packed(latents.to(self.body.dtype))
        velocity = self.body(
            hidden_states=torch.cat([tokens, step_inputs.reference.hints["tokens"]], dim=1),
            timestep=now,
            encoder_hidden_states=step_inputs.prompt_embeds["prompt"],
            img_shapes=step_inputs.reference.hints["sizes"],
            return_dict=False,
        )[0][:, : tokens.shape[1]]
        return walk(latents, self._unpacked(velocity, latents), now, then)

    def decode(self, latents: Tensor) -> Tensor:
        vae = self.pipe.vae
        mean, deviation = (
            torch.tensor(values, device=latents.device).view(1, -1, 1, 1)
            for values in (vae.config.latents_mean, vae.config.latents_std)
        )
        plain = (latents * deviation + mean).to(vae.dtype)[:, :, None]
        return torch.cat([vae.decode(row[None], return_dict=False)[0][:, :, 0] for row in plain])

    def _packed(self, latents: Tensor) -> Tensor:
        packed: Tensor = self.pipe._pack_latents(latents, *latents.shape)
        return packed

    def _unpacked(self, tokens: Tensor, like: Tensor) -> Tensor:
        scale = self.pipe.vae_scale_factor
        height, width = (side * scale for side in like.shape[-2:])
        unpacked: Tensor = self.pipe._unpack_latents(tokens, height, width, scale)[:, :, 0]
        return unpacked


def _resized(photo: Tensor) -> Image.Image:
    pixels = ((photo.float() + 1) * 127.5).round().clamp(0, 255).byte()
    image = Image.fromarray(pixels.permute(1, 2, 0).cpu().numpy())
    scale = math.sqrt(ENCODED_SIDE_PX * ENCODED_SIDE_PX / (image.width * image.height))
    size = (_of_32(image.width * scale), _of_32(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _of_32(side_px: float) -> int:
    return max(32, round(side_px / 32) * 32)
