"""Which commissions share a call: alike in shape, steps and LoRAs, and no more than fit at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.engine import RenderJob
from pipeline.engines.diffusion.shapes import Shape, bucket_of, shape_of
from pipeline.models import Model


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What commissions of one call have in common."""

    bucket: str
    shape: Shape
    steps: int
    loras: tuple[tuple[str, float], ...]
    """Names and weights of the style's LoRAs that the model knows."""


@dataclass(frozen=True, slots=True)
class Call:
    """Some of the commissions, by their place in the batch."""

    kind: BatchKey
    places: tuple[int, ...]

    def halves(self) -> tuple[Call, Call]:
        """Return two calls of half the size; of a call of at least two."""
        middle = (len(self.places) + 1) // 2
        return Call(self.kind, self.places[:middle]), Call(self.kind, self.places[middle:])


class BatchCapacity:
    """How many commissions of a bucket fit into one call, as far as is known."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._learned: dict[str, int] = {}

    def of(self, bucket: str) -> int:
        """Return the number that fits, at least 1."""
        return self._learned.get(bucket, self._most)

    def set_all(self, most: int) -> None:
        """Remember what was measured; what single buckets taught stays."""
        self._most = max(1, most)

    def shrink(self, bucket: str, failed: int) -> None:
        """Remember that this many did not fit."""
        self._learned[bucket] = min(self.of(bucket), max(1, failed // 2))


def plan(
    commissions: Sequence[RenderJob], places: Iterable[int], model: Model, room: BatchCapacity
) -> list[Call]:
    """Return the calls that paint the commissions at these places, every one exactly once."""
    groups: dict[BatchKey, list[int]] = {}
    for place in places:
        groups.setdefault(batch_key_of(commissions[place], model), []).append(place)
    return [
        Call(kind, tuple(group[start : start + room.of(kind.bucket)]))
        for kind, group in groups.items()
        for start in range(0, len(group), room.of(kind.bucket))
    ]


def batch_key_of(commission: RenderJob, model: Model) -> BatchKey:
    """Return what a commission must have in common with others to share their call."""
    height, width = commission.pixels.shape[:2]
    bucket = bucket_of(width, height)
    recipe = model.recipe_for(commission.draft)
    loras = _known_loras(commission.style.diffusion.lora, model)
    return BatchKey(bucket, shape_of(bucket, recipe.side_px), recipe.steps, loras)


def _known_loras(wanted: Sequence[str], model: Model) -> tuple[tuple[str, float], ...]:
    # A style is written for all models, and a LoRA fits one: names that this model lacks are left out.
    known = {lora.name: lora.weight for lora in model.loras if not lora.always}
    parts = (name.partition("@") for name in wanted)
    return tuple((name, float(at or known[name])) for name, _, at in parts if name in known)


def share_of(commission: RenderJob, model: Model) -> float:
    """Return the share of the noise schedule that is run for a commission's strength.

    The model says what is little and much for it, the style which part of that suits it.
    """
    within = _between(commission.style.diffusion.strength, commission.strength)
    return _between(model.strength, within)


def guidance_of(commission: RenderJob, model: Model) -> float:
    """Return how closely the picture follows the words."""
    asked = commission.style.diffusion.guidance
    return model.guidance if asked is None else asked


def _between(ends: tuple[float, float], part: float) -> float:
    low, high = ends
    return low + (high - low) * min(1.0, max(0.0, part))
