"""A photo as the painter sees it before the first stroke."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.sky import SkyFound
from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.arrays import Colours, Plane


@dataclass(frozen=True, slots=True)
class PhotoAnalysis:
    """What was seen; every step heeds some of it."""

    pixels: RGB
    calm: Colours
    """The photo without its grain, shadows opened."""
    half: Colours
    """The same at half the size."""
    flow: Flow
    subject: Subject
    sky: SkyFound | None
    air: Plane
    """Sky and clouds in which no lines are drawn, 0..1, in a small picture."""
    daylight: float
    unit: float
