"""What the loop asks of a family of models, and the few values that pass between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeAlias

from pipeline.engines.diffusion.torch_types import Net, Pipe, Tensor
from pipeline.models import Model

PromptEmbeds: TypeAlias = Mapping[str, Tensor]
"""What a text encoder made of a prompt; each tensor has a leading dimension, one row per photo."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model knows of the photos of a call, one row each."""

    latents: Tensor
    """B x C x h x w, as the model's VAE sees the photos."""
    hints: Mapping[str, Any]
    """What else the family needs at every step: packed tokens, positions, edges."""


@dataclass(frozen=True, slots=True)
class StepInputs:
    """What is the same at every step of a call, one row per photo."""

    reference: Reference
    prompt_embeds: PromptEmbeds
    guidance: Tensor
    """B; how closely each picture follows its words."""


class Family(Protocol):
    """A family of models. Every method treats each row by itself: no photo may reach another's row."""

    text_encoder_parts: ClassVar[tuple[str, ...]]
    """Components that only read words; the painter is opened without them."""
    prompt_needs_photo: ClassVar[bool]
    """The words depend on the photo, so that they cannot be read ahead."""

    pipe: Pipe
    """The library's pipeline object, whose parts do the work."""

    def __init__(self, pipe: Pipe, model: Model) -> None: ...

    @property
    def body(self) -> Net:
        """The network that runs at every step."""
        ...

    def encode_prompt(
        self, prompt: str, negative_prompt: str, photo: Tensor | None
    ) -> PromptEmbeds:
        """Return the words of one prompt, one row. `photo` is 3 x H x W in -1..1 where it is needed."""
        ...

    def encode(self, photos: Tensor) -> Reference:
        """Return what the model sees of photos, B x 3 x H x W in -1..1."""
        ...

    def times(self, shares: Sequence[float], steps: int, reference: Reference) -> Tensor:
        """Return the noise levels, B x (steps + 1), falling: row i runs the last `shares[i]` of all."""
        ...

    def start(self, reference: Reference, noise: Tensor, time: Tensor) -> Tensor:
        """Return the photos' latents with as much noise as belongs to `time` (B)."""
        ...

    def step(self, latents: Tensor, brief: StepInputs, now: Tensor, then: Tensor) -> Tensor:
        """Return the latents at time `then`, one step on from `now`; times are B."""
        ...

    def decode(self, latents: Tensor) -> Tensor:
        """Return the pictures, B x 3 x H x W in about -1..1."""
        ...
