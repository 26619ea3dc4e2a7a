"""The last layers of a painting, each spot for itself: tones, sky, palette, pigment, light, paper, ink."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.engines.painter.palette import Cube, recolour
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    as_bytes,
    colour,
    mix,
    plain,
    times,
)
from pipeline.engines.painter.skyscape import Skyscape, with_sky
from pipeline.engines.painter.steps import with_steps
from pipeline.styles import Steps


@dataclass(frozen=True, slots=True)
class Pots:
    """What the layers are mixed from."""

    steps: Steps
    cube: Cube
    paper: str
    ink: str


@dataclass(frozen=True, slots=True)
class Glaze:
    """The layers of one picture, the soft ones smaller than it."""

    spare: Plane
    """Where tones stay as fine as they are (1), and where they are gathered more than elsewhere (below 0)."""
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
    out = recolour(as_bytes(out), pots.cube)
    change = out - out * out
    out -= times(change, density)
    return out


def lit(picture: Colours, glow: Colours) -> Colours:
    """Screen light over a picture, so that nothing clips."""
    out = 1 - picture
    out *= glow
    out += picture
    return out


def papered(picture: Colours, bare: Plane | None, paper: str) -> Colours:
    """Let the paper show."""
    if bare is None:
        return picture
    return mix(picture, plain(picture.shape, colour(paper)), bare)


def inked(picture: Colours, ink: Plane, code: str) -> Colours:
    """Draw lines; they multiply what lies below, so that they take its hue."""
    below = picture * picture
    below *= np.float32(0.4)
    below += plain(picture.shape, [0.45 * part for part in colour(code)])
    return mix(picture, below, ink)


def glazed(flat: Colours, glaze: Glaze, sky: Skyscape | None, pots: Pots) -> Colours:
    """Lay all layers over strokes."""
    out = lit(coloured(flat, glaze.spare, glaze.density, sky, pots), glaze.glow)
    out = papered(out, glaze.bare, pots.paper)
    out += glaze.mended
    np.clip(out, 0, 1, out=out)
    return papered(inked(out, glaze.ink, pots.ink), glaze.frame, pots.paper)
