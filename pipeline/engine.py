"""What every painter and every opener of photos agrees on: values, errors and the `Engine` protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PaintingFailed
from pipeline.styles import Style

RGB: TypeAlias = NDArray[np.uint8]
"""Pixels: H x W x 3, uint8, sRGB in the order red, green, blue, C-contiguous."""

ProgressCallback: TypeAlias = Callable[[float], None]
"""Told the fraction of a batch that is done, 0..1; raises `PaintingCancelled` to stop the batch."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo that was opened safely, upright, at working size."""

    pixels: RGB
    digest: str
    """Hex SHA-256 of size and pixels: equal photos have equal digests, whatever their files were."""
    notes: tuple[str, ...] = ()
    """Codes of what the person should be told, e.g. `first-frame`."""
    original_px: tuple[int, int] | None = None
    """Width and height of the upright photo before it was reduced to working size, where known."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One photo and how to paint it."""

    pixels: RGB
    style: Style
    strength: float
    seed: int
    draft: bool = False
    """Use the style's faster recipe (a surge is on)."""
    words: str = ""
    """An instruction in the person's own words; engines that do not follow words ignore it."""


class Engine(Protocol):
    """Something that paints. A batch of one is a batch."""

    name: str
    version: str
    """Changes whenever the same commission would give other pixels."""
    model_name: str
    """The name of the model that it paints with; the engine's own name where it has no models."""
    threads: int
    """How many threads may call `paint` at once: more than one where what is done beside the device
    fills the pauses of the other."""

    @property
    def follows_words(self) -> bool:
        """Return whether `RenderJob.words` changes the picture."""
        ...

    def warm_up(self) -> None:
        """Do now what the first picture would otherwise wait for. Raises `EngineUnusable`."""
        ...

    def bucket(self, width_px: int, height_px: int) -> str:
        """Name what photos of this size can share a call with; equal names can be one batch."""
        ...

    def capacity(self, bucket: str) -> int:
        """Say how many commissions of this bucket one call takes at most, at least 1."""
        ...

    def paint(
        self, commissions: Sequence[RenderJob], watch: ProgressCallback
    ) -> list[RGB | PaintingFailed]:
        """Paint all; one result per commission in the same order, each independent of the others.

        A picture has exactly the height and width of its photo. Raises `PaintingCancelled` when
        `watch` does, `EngineUnusable` when no further call can succeed in this process.
        """
        ...
