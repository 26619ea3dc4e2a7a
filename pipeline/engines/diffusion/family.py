"""The interface between the sampling loop and a family of models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

from pipeline.engines.diffusion.torch_types import Net, Pipe, Tensor
from pipeline.models import Model

PromptEmbeds: TypeAlias = Mapping[str, Tensor]
"""The output of a text encoder; each tensor has a leading dimension, one row per photo."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The encoded photos of a call, one row each."""

    latents: Tensor
    """B x C x h x w, as the model's VAE sees the photos."""
    hints: Mapping[str, Any]
    """Other inputs that the family needs at every step: packed tokens, positions, edges."""


@dataclass(frozen=True, slots=True)
class StepInputs:
    """The inputs that are the same at every step of a call, one row per photo."""

    reference: Reference
    prompt_embeds: PromptEmbeds
    guidance: Tensor
    """B; the guidance scale: how closely each picture follows its prompt."""


class Family(Protocol):
    """A family of models. Every method processes rows independently: no photo may affect another row."""

    text_encoder_parts: ClassVar[tuple[str, ...]]
    """Components that only encode text; the model that paints is opened without them."""
    prompt_needs_photo: ClassVar[bool]
    """The prompt embeddings depend on the photo, so they cannot be computed in advance."""

    pipe: Pipe
    """The diffusers pipeline, whose components are used."""

    def __init__(self, pipe: Pipe, model: Model) -> None: ...

    @property
    def body(self) -> Net:
        """The network that runs at every step."""
        ...

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        """Return the embeddings of one prompt, one row. `photo` is 3 x H x W in -1..1 if needed."""
        ...

    def encode(self, photos: Tensor) -> Reference:
        """Encode photos, B x 3 x H x W in -1..1."""
        ...

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        """Return falling noise levels, B x (steps + 1): row i covers the last `shares[i]` of the schedule."""
        ...

    def start(self, reference: Reference, noise: Tensor, time: Tensor) -> Tensor:
        """Return the photos' latents with the noise of level `time` (B)."""
        ...

    def step(self, latents: Tensor, step_inputs: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        """Return the latents at time `then`, one step on from `now`; times are B."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Return the pictures, B x 3 x H x W in about -1..1."""
        ...
