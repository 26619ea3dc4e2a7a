"""Flow matching: a straight path from noise to picture, integrated in Euler steps.

Lipman et al. 2022, "Flow Matching for Generative Modeling"; the levels ("sigmas") follow the model's own
scheduler, so that a share of 1 is exactly the published recipe.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch

from pipeline.engines.diffusion.family import Reference
from pipeline.engines.diffusion.torch_types import Config, Net, Pipe, Scheduler, Tensor
from pipeline.models import Model


class FlowFamily:
    """The common part of the families whose transformer was trained by flow matching."""

    def __init__(self, pipe: Pipe, model: Model) -> None:
        self.pipe = pipe
        self._model = model

    @property
    def body(self) -> Net:
        return self.pipe.transformer

    def start(self, reference: Reference, noise: Tensor, time: Tensor) -> Tensor:
        return mix(reference.latents, noise, time)


def levels(scheduler: Scheduler, shares: Sequence[float], steps: int, mu: float) -> Tensor:
    """Return B x (steps + 1) noise levels that fall to 0, from the top of each share of the schedule."""
    return torch.stack([_row(scheduler, share, steps, mu) for share in shares])


def mix(picture: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Interpolate between picture (level 0) and noise (level 1), row by row."""
    level = level.view(-1, 1, 1, 1)
    return (1 - level) * picture + level * noise


def walk(latents: Tensor, velocity: Tensor, now: Tensor, then: Tensor) -> Tensor:
    """Return the latents after one Euler step; levels are B. Computed in single precision."""
    return latents + (then - now).view(-1, 1, 1, 1) * velocity.float()


def shift_of(config: Config, tokens: int) -> float:
    """Return the logarithm of the schedule's shift for this number of tokens, scaled as in Flux.1."""
    slope = (config.max_shift - config.base_shift) / (
        config.max_image_seq_len - config.base_image_seq_len
    )
    return float(config.base_shift + slope * (tokens - config.base_image_seq_len))


def fixed_shift(shift: float) -> float:
    """Return the logarithm of a fixed shift."""
    return math.log(shift)


def _row(scheduler: Scheduler, share: float, steps: int, mu: float) -> Tensor:
    scheduler.set_timesteps(sigmas=np.linspace(share, share / steps, steps), mu=mu)
    levels: Tensor = scheduler.sigmas
    return levels
