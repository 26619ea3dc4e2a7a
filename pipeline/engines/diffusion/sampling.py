"""The sampling loop of every model: encode the photos, denoise step by step, decode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from pipeline.engine import RGB, ProgressCallback
from pipeline.engines.diffusion.device import Device
from pipeline.engines.diffusion.family import Family, PromptEmbeds, Reference, StepInputs
from pipeline.engines.diffusion.torch_types import Tensor


@dataclass(frozen=True, slots=True)
class SamplingInputs:
    """The photos of one call, all of one shape, and their sampling parameters."""

    photos: NDArray[np.uint8]
    """B x H x W x 3, sRGB."""
    seeds: Sequence[int]
    shares: Sequence[float]
    """Shares of the noise schedule, 0..1: how far each picture may differ from its photo."""
    guidance: Sequence[float]
    steps: int


@dataclass(frozen=True, slots=True)
class Painted:
    """One picture, and whether all its values were finite."""

    pixels: RGB
    finite: bool


def sample(
    family: Family,
    inputs: SamplingInputs,
    prompt_embeds: PromptEmbeds,
    device: Device,
    on_progress: ProgressCallback,
) -> list[Painted]:
    """Paint the photos of a call in their order. Raises what `on_progress` raises, between two steps."""
    with torch.no_grad():
        photos = photos_on(device, inputs.photos, family.body.dtype)
        reference = family.encode(photos)
        times = family.times(inputs.shares, inputs.steps, reference).to(device.name)
        noise = noise_of(inputs.seeds, reference)
        latents = family.start(reference, noise, times[:, 0])
        guidance = torch.tensor(inputs.guidance, dtype=torch.float32, device=device.name)
        step_inputs = StepInputs(reference, prompt_embeds, guidance)
        before = device.mark()
        for step in range(inputs.steps):
            now, then = times[:, step], times[:, step + 1]
            latents = family.step(latents, step_inputs, now, then)
            # Wait for the previous step while this one is queued: progress is real, the GPU never idles.
            before()
            before = device.mark()
            on_progress(step / inputs.steps)
        pictures = family.decode(latents)
        return _fetched(pictures, latents)


def photos_on(device: Device, photos: NDArray[np.uint8], dtype: torch.dtype) -> Tensor:
    """Return photos (B x H x W x 3, 0..255) in the format of the models: B x 3 x H x W, -1..1."""
    on_device = torch.from_numpy(photos).to(device.name)
    return (on_device.permute(0, 3, 1, 2).float() / 127.5 - 1).to(dtype)


def noise_of(seeds: Sequence[int], reference: Reference) -> Tensor:
    """Return each row's own noise: it depends on its seed alone, not on its place or on the device."""
    shape = reference.latents.shape[1:]
    rows = [torch.randn(shape, generator=_generator(seed)) for seed in seeds]
    return torch.stack(rows).to(reference.latents.device)


def _generator(seed: int) -> torch.Generator:
    return torch.Generator("cpu").manual_seed(seed)


def _fetched(pictures: Tensor, latents: Tensor) -> list[Painted]:
    sound = pictures.isfinite().flatten(1).all(1) & latents.isfinite().flatten(1).all(1)
    whole = ((pictures.float().nan_to_num() + 1) * 127.5).round().clamp(0, 255).byte()
    pixels = whole.permute(0, 2, 3, 1).contiguous().cpu().numpy()
    return [Painted(row, bool(ok)) for row, ok in zip(pixels, sound.tolist(), strict=True)]
