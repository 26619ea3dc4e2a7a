"""Stable Diffusion 1.5 with a ControlNet that holds the photo's edges.

Deterministic DDIM steps (Song et al. 2020, "Denoising Diffusion Implicit Models") with classifier-free
guidance (Ho and Salimans 2022), each row at its own time, so that strengths may differ within a call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import cv2
import numpy as np
import torch

from pipeline.engines.diffusion.family import PromptEmbeds, Reference, StepInputs
from pipeline.engines.diffusion.torch_types import Net, Pipe, Tensor
from pipeline.models import Model

EDGE_LOW, EDGE_HIGH = 80, 180
"""Canny's thresholds, on luma of 0..255."""
CONTROLNET_WEIGHT = 0.8
"""Weight of the ControlNet."""


class StableDiffusion15:
    """Uses the components of StableDiffusionControlNetImg2ImgPipeline on each row by itself."""

    pipeline: ClassVar[str] = "StableDiffusionControlNetImg2ImgPipeline"
    text_encoder_parts: ClassVar[tuple[str, ...]] = ("text_encoder", "tokenizer")
    prompt_needs_photo: ClassVar[bool] = False

    def __init__(self, pipe: Pipe, model: Model) -> None:
        self.pipe = pipe
        self._model = model
        # Time -1, after the last step, is the clean picture; as an index it is this list's end.
        self._kept = torch.cat([pipe.scheduler.alphas_cumprod.float(), torch.ones(1)])

    @property
    def body(self) -> Net:
        return self.pipe.unet

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        device = self.pipe._execution_device
        words, without = self.pipe.encode_prompt(prompt, device, 1, True, negative_prompt)
        return {"prompt": words, "negative": without}

    def encode(self, photos: Tensor) -> Reference:
        vae = self.pipe.vae
        rows = [vae.encode(photo[None]).latent_dist.mode() for photo in photos]
        edges = torch.stack([_edges_of(photo) for photo in photos]).to(photos.device, photos.dtype)
        hints = {"edges": edges, "kept": self._kept.to(photos.device)}
        return Reference(torch.cat(rows).float() * vae.config.scaling_factor, hints)

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        # The schedule does not depend on the picture's size.
        last = len(self._kept) - 2
        rows = [torch.linspace(share * last, share * last / steps, steps) for share in shares]
        falling = torch.stack(rows).round()
        return torch.cat([falling, torch.full((len(rows), 1), -1.0)], dim=1)

    def start(self, reference: Reference, noise: Tensor, time: Tensor) -> Tensor:
        kept = _kept_at(time, reference)
        return kept.sqrt() * reference.latents + (1 - kept).sqrt() * noise

    def step(self, latents: Tensor, step_inputs: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        noise = self._noise_in(latents, step_inputs, now)
        kept, kept_then = (
            _kept_at(now, step_inputs.reference),
            _kept_at(then, step_inputs.reference),
        )
        clean = (latents - (1 - kept).sqrt() * noise) / kept.sqrt()
        return kept_then.sqrt() * clean + (1 - kept_then).sqrt() * noise

    def decode(self, latents: Tensor) -> Tensor:
        vae = self.pipe.vae
        plain = (latents / vae.config.scaling_factor).to(vae.dtype)
        return torch.cat([vae.decode(row[None], return_dict=False)[0] for row in plain])

    def _noise_in(self, latents: Tensor, step_inputs: StepInputs, now: Tensor) -> Tensor:
        twice = torch.cat([latents, latents]).to(self.body.dtype)
        both = torch.cat(
            [step_inputs.prompt_embeds["negative"], step_inputs.prompt_embeds["prompt"]]
        )
        time = torch.cat([now, now])
        edges = torch.cat([step_inputs.reference.hints["edges"]] * 2)
        down, mid = self.pipe.controlnet(
            twice,
            time,
            both,
            controlnet_cond=edges,
            conditioning_scale=CONTROLNET_WEIGHT,
            return_dict=False,
        )
        noise = self.body(
            twice,
            time,
            encoder_hidden_states=both,
            down_block_additional_residuals=down,
            mid_block_additional_residual=mid,
            return_dict=False,
        )[0].float()
        without, toward = noise.chunk(2)
        return without + step_inputs.guidance.view(-1, 1, 1, 1) * (toward - without)


def _kept_at(time: Tensor, reference: Reference) -> Tensor:
    """Return the share of the picture's energy at times of -1..last, ready to multiply rows."""
    kept: Tensor = reference.hints["kept"][time.long()]
    return kept.view(-1, 1, 1, 1)


def _edges_of(photo: Tensor) -> Tensor:
    pixels = ((photo.float() + 1) * 127.5).round().clamp(0, 255).byte()
    grey = cv2.cvtColor(pixels.permute(1, 2, 0).cpu().numpy(), cv2.COLOR_RGB2GRAY)
    edges = cv2.Canny(grey, EDGE_LOW, EDGE_HIGH).astype(np.float32) / 255
    return torch.from_numpy(edges).expand(3, -1, -1)
