"""A photo as the painter sees it before the first stroke."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.contract import RGB
from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.planes import Colours, Plane
from pipeline.engines.painter.sky import SkyFound
from pipeline.engines.painter.subject import Subject


@dataclass(frozen=True, slots=True)
class View:
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
