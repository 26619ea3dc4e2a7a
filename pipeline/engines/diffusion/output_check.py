"""Rejects empty pictures, which broken weights and overflow produce without raising an error."""

from __future__ import annotations

from pipeline.engine import RGB

BLACK = 6.0
"""Mean pixel value, 0..255, below which a picture counts as black."""


def flaw_of(painted: RGB, photo: RGB, finite: bool) -> str | None:
    """Return why the painting must not be shown, `not-finite` or `black-picture`, or None.

    A night photo may become a night picture: black is a flaw only where the photo was brighter.
    """
    if not finite:
        return "not-finite"
    if painted.mean() < BLACK <= photo.mean() / 2:
        return "black-picture"
    return None
