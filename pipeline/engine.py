"""The types that engines and their callers share, and the `Engine` protocol."""

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
"""Called with the completed fraction of a batch, 0..1. It may raise `PaintingCancelled` to stop the batch."""


@dataclass(frozen=True, slots=True)
class Photo:
    """An opened photo: upright and at working size."""

    pixels: RGB
    digest: str
    """Hex SHA-256 of size and pixels; it does not depend on the file's format or metadata."""
    notes: tuple[str, ...] = ()
    """Codes of notes for the person, e.g. `first-frame`."""
    original_px: tuple[int, int] | None = None
    """Width and height of the upright photo before scaling, None if unknown."""


@dataclass(frozen=True, slots=True)
class RenderJob:
    """One photo and how to paint it."""

    pixels: RGB
    style: Style
    strength: float
    seed: int
    draft: bool = False
    """Use the faster recipe (the bot is overloaded)."""
    words: str = ""
    """An instruction in the person's own words; engines that do not follow words ignore it."""


class Engine(Protocol):
    """An implementation that paints photos."""

    name: str
    version: str
    """Must change whenever the same `RenderJob` gives different pixels."""
    model_name: str
    """The model that it paints with; the engine's own name if it has no models."""
    threads: int
    """How many threads may call `paint` at once. With two, one prepares data while the other's batch is
    on the device."""

    @property
    def follows_words(self) -> bool:
        """Return whether `RenderJob.words` changes the picture."""
        ...

    def warm_up(self) -> None:
        """Initialise everything that would otherwise delay the first picture. Raises `EngineUnusable`."""
        ...

    def bucket(self, width_px: int, height_px: int) -> str:
        """Return the batch key of this photo size: jobs with equal keys can be painted in one call."""
        ...

    def capacity(self, bucket: str) -> int:
        """Return the maximum number of jobs with this batch key in one call, at least 1."""
        ...

    def paint(
        self, jobs: Sequence[RenderJob], on_progress: ProgressCallback
    ) -> list[RGB | PaintingFailed]:
        """Paint a batch; return one result per job in the same order, each independent of the others.

        A picture has exactly the height and width of its photo. Raises `PaintingCancelled` if
        `on_progress` raises it, and `EngineUnusable` if no further call can succeed in this process.
        """
        ...
