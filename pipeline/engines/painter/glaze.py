"""The last layers of a painting, each spot for itself: tones, sky, palette, pigment, light, paper, ink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import ImageFilter

from pipeline.engines.painter.palette import recolour
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    as_bytes,
    as_colours,
    colour,
    mix,
    times,
    unit,
)
from pipeline.engines.painter.skyscape import Skyscape, with_sky
from pipeline.engines.painter.steps import with_steps
from pipeline.styles import Steps


@dataclass(frozen=True, slots=True)
class Pots:
    """What the layers are mixed from."""

    steps: Steps
    cube: ImageFilter.Color3DLUT
    paper: str
    ink: str


@dataclass(frozen=True, slots=True)
class Glaze:
    """The layers, all of one picture's size."""

    spare: Plane
    """Where tones stay as fine as they are, 0..1."""
    density: Plane
    """How much more pigment lies there than on average."""
    glow: Colours
    """Light that is screened over the paint, RGB."""
    bare: Plane | None
    """Where paper shows, 0..1."""
    mended: Colours
    """What is added to bring skin back to its own colour, RGB."""
    ink: Plane
    """Cover of lines, 0..1."""
    frame: Plane | None
    """A margin of paper over everything, 0..1."""


def coloured(
    flat: Colours, spare: Plane, density: Plane, sky: Skyscape | None, pots: Pots
) -> Colours:
    """Give strokes their tones, sky, palette and pigment.

    Density d turns a colour C into C - (C - C^2) d, which keeps pure black and white (Bousseau 2006).
    """
    out = with_steps(flat, pots.steps, spare)
    if sky:
        out = with_sky(out, sky)
    out = as_colours(recolour(as_bytes(out), pots.cube))
    return out - times(out - out * out, density)


def lit(picture: Colours, glow: Colours) -> Colours:
    """Screen light over a picture, so that nothing clips."""
    return picture + (1 - picture) * glow


def papered(picture: Colours, bare: Plane | None, paper: str) -> Colours:
    """Let the paper show."""
    if bare is None:
        return picture
    sheet = np.empty_like(picture)
    sheet[:] = colour(paper)
    return mix(picture, sheet, bare)


def inked(picture: Colours, ink: Plane, code: str) -> Colours:
    """Draw lines; they multiply what lies below, so that they take its hue."""
    below = picture * picture * np.float32(0.4)
    below += np.array(colour(code), np.float32) * np.float32(0.45)
    return mix(picture, below, ink)


def glazed(flat: Colours, glaze: Glaze, sky: Skyscape | None, pots: Pots) -> Colours:
    """Lay all layers over strokes."""
    out = lit(coloured(flat, glaze.spare, glaze.density, sky, pots), glaze.glow)
    out = unit(papered(out, glaze.bare, pots.paper) + glaze.mended)
    return papered(inked(out, glaze.ink, pots.ink), glaze.frame, pots.paper)
