"""Groups jobs into calls: the jobs of a call have the same shape, steps and LoRAs and fit in memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.engine import RenderJob
from pipeline.engines.diffusion.canvas import Shape, bucket_of, shape_of
from pipeline.models import Model


@dataclass(frozen=True, slots=True)
class BatchKey:
    """What the jobs of one call have in common."""

    bucket: str
    shape: Shape
    steps: int
    loras: tuple[tuple[str, float], ...]
    """Names and weights of those LoRAs of the style that the model has."""


@dataclass(frozen=True, slots=True)
class Call:
    """Some of the jobs, by their index in the batch."""

    kind: BatchKey
    indexes: tuple[int, ...]

    def halves(self) -> tuple[Call, Call]:
        """Split a call of at least two jobs into two calls of half the size."""
        middle = (len(self.indexes) + 1) // 2
        return Call(self.kind, self.indexes[:middle]), Call(self.kind, self.indexes[middle:])


class BatchCapacity:
    """How many jobs of a bucket fit into one call, as far as is known."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._learned: dict[str, int] = {}

    def of(self, bucket: str) -> int:
        """Return the number that fits, at least 1."""
        return self._learned.get(bucket, self._most)

    def set_all(self, most: int) -> None:
        """Set the measured capacity; what was learned about single buckets is kept."""
        self._most = max(1, most)

    def shrink(self, bucket: str, failed: int) -> None:
        """Remember that this many did not fit."""
        self._learned[bucket] = min(self.of(bucket), max(1, failed // 2))


def plan(
    jobs: Sequence[RenderJob], indexes: Iterable[int], model: Model, capacity: BatchCapacity
) -> list[Call]:
    """Return the calls that paint the jobs at these indexes, each exactly once."""
    groups: dict[BatchKey, list[int]] = {}
    for index in indexes:
        groups.setdefault(batch_key_of(jobs[index], model), []).append(index)
    return [
        Call(kind, tuple(group[start : start + capacity.of(kind.bucket)]))
        for kind, group in groups.items()
        for start in range(0, len(group), capacity.of(kind.bucket))
    ]


def batch_key_of(job: RenderJob, model: Model) -> BatchKey:
    """Return what a job must have in common with others to share their call."""
    height, width = job.pixels.shape[:2]
    bucket = bucket_of(width, height)
    recipe = model.recipe_for(job.draft)
    loras = _known_loras(job.style.diffusion.lora, model)
    return BatchKey(bucket, shape_of(bucket, recipe.side_px), recipe.steps, loras)


def _known_loras(wanted: Sequence[str], model: Model) -> tuple[tuple[str, float], ...]:
    # A style applies to all models, but a LoRA to one: LoRAs that this model lacks are skipped.
    known = {lora.name: lora.weight for lora in model.loras if not lora.always}
    parts = (name.partition("@") for name in wanted)
    return tuple((name, float(at or known[name])) for name, _, at in parts if name in known)


def share_of(job: RenderJob, model: Model) -> float:
    """Return the share of the noise schedule that is run for a job's strength.

    The model sets the range of shares, and the style selects a part of that range.
    """
    within = _between(job.style.diffusion.strength, job.strength)
    return _between(model.strength, within)


def guidance_of(job: RenderJob, model: Model) -> float:
    """Return the guidance scale: how closely the picture follows the prompt."""
    asked = job.style.diffusion.guidance
    return model.guidance if asked is None else asked


def _between(ends: tuple[float, float], part: float) -> float:
    low, high = ends
    return low + (high - low) * min(1.0, max(0.0, part))
