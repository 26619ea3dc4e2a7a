"""FLUX.2 klein: a transformer that gets the photo as tokens beside those of the picture.

The library's own pipeline takes several photos as several references of one picture: with four people's
photos in a call, everybody's picture is made from all four. Here every photo stays in its own row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import torch
from diffusers.pipelines.flux2.pipeline_flux2_klein import compute_empirical_mu

from pipeline.engines.diffusion.family import PromptEmbeds, Reference, StepInputs
from pipeline.engines.diffusion.flow_matching import FlowFamily, levels, walk
from pipeline.engines.diffusion.torch_types import Tensor


class Klein(FlowFamily):
    """Uses the components of Flux2KleinPipeline on each row by itself."""

    pipeline: ClassVar[str] = "Flux2KleinPipeline"
    text_encoder_parts: ClassVar[tuple[str, ...]] = ("text_encoder", "tokenizer")
    prompt_needs_photo: ClassVar[bool] = False

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        # Distilled: there is no second, unguided pass.
        words, places = self.pipe.encode_prompt(
            prompt=prompt, max_sequence_length=self._model.text_tokens
        )
        return {"prompt": words, "places": places}

    def encode(self, photos: Tensor) -> Reference:
        pipe = self.pipe
        rows = [pipe._encode_vae_image(photo[None], generator=None) for photo in photos]
        latents = torch.cat(rows)
        places = torch.cat(
            [pipe._prepare_latent_ids(latents[:1]), pipe._prepare_image_ids([latents[:1]])], dim=1
        )
        hints = {"tokens": pipe._pack_latents(latents), "places": places.to(latents.device)}
        return Reference(latents.float(), hints)

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        mu = compute_empirical_mu(_tokens_of(reference), steps)
        return levels(self.pipe.scheduler, shares, steps, mu)

    def step(self, latents: Tensor, step_inputs: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        tokens = self.pipe._pack_latents(latents.to(self.body.dtype))
        velocity = self.body(
            hidden_states=torch.cat([tokens, step_inputs.reference.hints["tokens"]], dim=1),
            timestep=now,
            guidance=None,
            encoder_hidden_states=step_inputs.prompt_embeds["prompt"],
            txt_ids=step_inputs.prompt_embeds["places"][:1],
            img_ids=step_inputs.reference.hints["places"],
            return_dict=False,
        )[0][:, : tokens.shape[1]]
        return walk(latents, velocity.transpose(1, 2).reshape(latents.shape), now, then)

    def decode(self, latents: Tensor) -> Tensor:
        vae = self.pipe.vae
        mean = vae.bn.running_mean.view(1, -1, 1, 1)
        deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
        whole = self.pipe._unpatchify_latents(latents * deviation + mean).to(vae.dtype)
        return torch.cat([vae.decode(row[None], return_dict=False)[0] for row in whole])


def _tokens_of(reference: Reference) -> int:
    return int(reference.latents.shape[-2:].numel())
