"""FLUX.1 Kontext: a guidance-distilled transformer that gets the photo as tokens after the picture's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch

from pipeline.engines.diffusion.family import PromptEmbeds, Reference, StepInputs
from pipeline.engines.diffusion.flow_matching import FlowFamily, levels, shift_of, walk
from pipeline.engines.diffusion.torch_types import Tensor


class Kontext(FlowFamily):
    """Uses the components of FluxKontextPipeline on each row by itself."""

    pipeline: ClassVar[str] = "FluxKontextPipeline"
    text_encoder_parts: ClassVar[tuple[str, ...]] = (
        "text_encoder",
        "text_encoder_2",
        "tokenizer",
        "tokenizer_2",
    )
    prompt_needs_photo: ClassVar[bool] = False

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        # Guidance is distilled into the model: there is no second pass.
        words, pooled, _ = self.pipe.encode_prompt(
            prompt=prompt, max_sequence_length=self._model.text_tokens
        )
        return {"prompt": words, "pooled": pooled}

    def encode(self, photos: Tensor) -> Reference:
        pipe = self.pipe
        rows = [pipe._encode_vae_image(photo[None], generator=None) for photo in photos]
        latents = torch.cat(rows)
        count, channels, height, width = latents.shape
        tokens = pipe._pack_latents(latents, count, channels, height, width)
        return Reference(latents.float(), {"tokens": tokens, "places": self._places(latents)})

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        scheduler = self.pipe.scheduler
        mu = shift_of(scheduler.config, reference.hints["tokens"].shape[1])
        return levels(scheduler, shares, steps, mu)

    def step(self, latents: Tensor, step_inputs: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        count, channels, height, width = latents.shape
        tokens = self.pipe._pack_latents(
            latents.to(self.body.dtype), count, channels, height, width
        )
        velocity = self.body(
            hidden_states=torch.cat([tokens, step_inputs.reference.hints["tokens"]], dim=1),
            timestep=now,
            guidance=step_inputs.guidance if self.body.config.guidance_embeds else None,
            pooled_projections=step_inputs.prompt_embeds["pooled"],
            encoder_hidden_states=step_inputs.prompt_embeds["prompt"],
            txt_ids=torch.zeros(
                step_inputs.prompt_embeds["prompt"].shape[1], 3, device=latents.device
            ),
            img_ids=step_inputs.reference.hints["places"],
            return_dict=False,
        )[0][:, : tokens.shape[1]]
        return walk(latents, self._unpacked(velocity, height, width), now, then)

    def decode(self, latents: Tensor) -> Tensor:
        vae = self.pipe.vae
        plain = (latents / vae.config.scaling_factor + vae.config.shift_factor).to(vae.dtype)
        return torch.cat([vae.decode(row[None], return_dict=False)[0] for row in plain])

    def _places(self, latents: Tensor) -> Tensor:
        height, width = latents.shape[-2:]
        picture = self.pipe._prepare_latent_image_ids(
            1, height // 2, width // 2, latents.device, torch.float32
        )
        photo = picture.clone()
        photo[..., 0] = 1  # the model tells the photo's tokens from the picture's by this
        return torch.cat([picture, photo])

    def _unpacked(self, tokens: Tensor, height: int, width: int) -> Tensor:
        scale = self.pipe.vae_scale_factor
        unpacked: Tensor = self.pipe._unpack_latents(tokens, height * scale, width * scale, scale)
        return unpacked
