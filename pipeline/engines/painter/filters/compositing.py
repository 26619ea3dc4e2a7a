"""Composites the painted layers: light, glow and the last steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    as_bytes,
    colour,
    luma,
    mix,
    plain,
    ramp,
    thrice,
    times,
    tint,
    unit,
    wide_blur,
)
from pipeline.engines.painter.filters.palette_lut import Cube, recolour
from pipeline.engines.painter.filters.sky import Skyscape, with_sky
from pipeline.styles import Light, Steps


def with_steps(flat: Colours, steps: Steps, spare: Plane) -> Colours:
    """Turn soft shading into a few tones, except where `spare` is 1, and more so where it is below 0.

    Blacks are left alone: there, steps would show as noise. Luma serves as lightness, since sRGB's bytes
    are spaced much like it.
    """
    if steps.weight <= 0:
        return flat
    bright = luma(flat)
    weight = np.float32(steps.weight) - spare * np.float32(0.85 * steps.weight)
    weight = np.minimum(weight, 1) * ramp(bright, 0.08, 0.30)
    change = (stepped(bright, steps) - bright) * weight
    return flat + thrice(change)


def stepped(bright: Plane, steps: Steps) -> Plane:
    """Quantise luma (0..1) to the style's number of tones."""
    count, half = np.float32(steps.count), np.float32(0.5 / steps.count)
    nearest = np.rint(bright * count)
    nearest *= 1 / count
    tones: Plane = bright - nearest
    tones *= np.float32(steps.sharpness) * count
    np.tanh(tones, out=tones)
    tones *= half
    tones += nearest
    return tones


@dataclass(frozen=True, slots=True)
class PaletteSet:
    """What the layers are mixed from."""

    steps: Steps
    cube: Cube
    paper: str
    ink: str


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers of one picture, the soft ones smaller than it."""

    spare: Plane
    """Where tones stay as fine as they are (1), and where they are gathered more than elsewhere (below 0)."""
    density: Plane
    """How much more pigment lies there than on average."""
    glow: Colours
    """Light that is screened over the paint, RGB."""
    bare: Plane | None
    """Where paper shows, 0..1."""
    corrections: Colours
    """What is added to bring skin back to its own colour, RGB."""
    ink: Plane
    """Cover of lines, 0..1."""
    frame: Plane | None
    """A margin of paper over everything, 0..1."""


def coloured(
    flat: Colours, spare: Plane, density: Plane, sky: Skyscape | None, palettes: PaletteSet
) -> Colours:
    """Give strokes their tones, sky, palette and pigment.

    Density d turns a colour C into C - (C - C^2) d, which keeps pure black and white (Bousseau 2006).
    """
    out = with_steps(flat, palettes.steps, spare)
    if sky:
        out = with_sky(out, sky)
    out = recolour(as_bytes(out), palettes.cube)
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
    # On what is nearly black the ink's own colour would be the lighter one.
    np.minimum(below, picture * np.float32(0.5), out=below)
    return mix(picture, below, ink)


def composited(
    flat: Colours, layers: Layers, sky: Skyscape | None, palettes: PaletteSet
) -> Colours:
    """Lay all layers over strokes."""
    out = lit(coloured(flat, layers.spare, layers.density, sky, palettes), layers.glow)
    out = papered(out, layers.bare, palettes.paper)
    out += layers.corrections
    np.clip(out, 0, 1, out=out)
    return papered(inked(out, layers.ink, palettes.ink), layers.frame, palettes.paper)


SUN_RGB = (1.0, 0.8, 0.45)


def glow_of(preview: Colours, light: Light, daylight: float, scale: float) -> Colours:
    """Work out the light to screen over a picture, from its preview at a quarter of the size."""
    # Only what is nearly white blooms; else every wall would.
    bright = times(preview, ramp(preview.max(-1), 0.75, 1.0))
    glow = wide_blur(bright, 3 * scale) * np.float32(0.3 * light.bloom)
    warmth = sun(preview.shape) * np.float32(0.25 * light.sun * daylight)
    return glow + tint(warmth, SUN_RGB)


def sun(shape: tuple[int, ...]) -> Plane:
    """Fall off from the upper left corner."""
    x, y = axes(shape)
    away = np.hypot(x - np.float32(0.15), y + np.float32(0.1))
    return unit(1 - away * np.float32(1 / 1.1))


def vignette(preview: Colours, amount: float) -> Colours:
    """Return what is to be added to darken the corners."""
    x, y = axes(preview.shape)
    corners = ramp(np.hypot(x - np.float32(0.5), y - np.float32(0.5)), 0.38, 0.78)
    return times(preview, corners * np.float32(-amount))


def axes(shape: tuple[int, ...]) -> tuple[Plane, Plane]:
    """Give 0..1 across and down, ready to broadcast."""
    x = np.linspace(0, 1, shape[1], dtype=np.float32)[None, :]
    return x, np.linspace(0, 1, shape[0], dtype=np.float32)[:, None]
