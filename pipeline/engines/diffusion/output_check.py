"""Is it a picture at all? Broken weights and overflow give black or empty ones without any error."""

from __future__ import annotations

from pipeline.engine import RGB

BLACK = 6.0
"""Mean of 0..255 under which a picture shows nothing."""


def flaw_of(painted: RGB, photo: RGB, finite: bool) -> str | None:
    """Return why the painting must not be shown, `not-finite` or `black-picture`, None where it may.

    A night photo may become a night picture: black is a flaw only where the photo was brighter.
    """
    if not finite:
        return "not-finite"
    if painted.mean() < BLACK <= photo.mean() / 2:
        return "black-picture"
    return None
