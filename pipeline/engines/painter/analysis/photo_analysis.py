"""What is known about a photo before it is painted."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.sky import SkyFound
from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.arrays import Colours, Plane


@dataclass(frozen=True, slots=True)
class PhotoAnalysis:
    """The photo, what it shows, and its measures; every filter reads some of it."""

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
    """0 at night, 1 at noon."""
    unit: float
    """Scale of the picture: brushes and lines are measured in it."""
