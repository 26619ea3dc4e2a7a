"""A style's palette as a cube of colours: whatever it does to hues costs one look-up per spot."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.engine import RGB
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    colour,
    from_lab,
    ramp,
    to_lab,
    without_fourth,
)
from pipeline.styles import Palette

Degrees: TypeAlias = NDArray[np.float32]

Cube: TypeAlias = NDArray[np.float32]
"""Colours by their old colours: sheets of reds (across) and greens (down), one after the other by blue."""

GRID = 33
"""Colours per axis of the cube; between them, the look-up interpolates."""

SHEETS = 128
"""Sheets of the cube: the nearest one is at most one byte of blue away."""

GREENS, BLUES, REDS = 120.0, 262.0, 35.0
"""Where the hues lie in CIE Lab, degrees."""

KNEE = 62.0
"""Chroma above this is held back: paint has no neon."""


def recolour(picture: RGB, cube: Cube) -> Colours:
    """Look every colour up in the cube.

    Its sheets of reds and greens lie side by side, so that one look-up in a flat picture does it,
    several times faster than one in space: between reds and greens it interpolates, and sheets of blue
    lie closer together than bytes can tell.
    """
    x, y, sheet = cv2.split(cv2.LUT(picture, places()))
    x += sheet
    return without_fourth(cast(Plane, cv2.remap(cube, x, y, cv2.INTER_LINEAR)))


@lru_cache(maxsize=1)
def places() -> Colours:
    """Say of each byte of red, green and blue where it lies in the cube: across, down, and in which sheet."""
    byte = np.arange(256)
    across = byte * ((GRID - 1) / 255)
    sheet = np.round(byte * ((SHEETS - 1) / 255)) * GRID
    return np.stack([across, across, sheet], -1)[None].astype(np.float32)


@lru_cache(maxsize=24)
def cube_of(palette: Palette, share: float) -> Cube:
    """Work a palette out for the whole cube; `share` 0 changes nothing, 1 is the style's full say."""
    axis = np.linspace(0, 1, GRID, dtype=np.float32)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    grid = np.stack([red, green, blue], -1).reshape(1, -1, 3)
    there = from_lab(
        pulled(tinted(toned(turned(to_lab(grid), palette), palette), palette), palette)
    )
    table = np.clip(grid + (there - grid) * np.float32(share), 0, 1)
    return sheets_of(table.reshape(GRID, GRID, GRID, 3))


def sheets_of(table: Colours) -> Cube:
    """Lay a table (blue, green, red, RGB) out as sheets side by side, with more of them between its own."""
    at = np.linspace(0, GRID - 1, SHEETS)
    below = np.minimum(at.astype(int), GRID - 2)
    share = (at - below).astype(np.float32)[:, None, None, None]
    sheets = table[below] * (1 - share) + table[below + 1] * share
    flat = np.concatenate(list(sheets), axis=1)
    # A fourth channel, though empty, makes look-ups three times as fast.
    return cast(Cube, cv2.cvtColor(np.ascontiguousarray(flat), cv2.COLOR_RGB2RGBA))


def at_hour(palette: Palette, daylight: float) -> Palette:
    """Keep the time of day: at night nothing is lifted, whitened or warmed. In eighths of a day."""
    day = round(8 * daylight) / 8
    return replace(
        palette,
        lift=palette.lift * day,
        black=palette.black * day,
        white=100 - (100 - palette.white) * day,
        tint=palette.tint * (0.4 + 0.6 * day),
    )


def turned(lab: Colours, palette: Palette) -> Colours:
    """Shift the hues and strengths of greens, blues and reds; greys and skin stay out of it."""
    lightness, a, b = np.moveaxis(lab, -1, 0)
    chroma = np.hypot(a, b)
    hue = np.degrees(np.arctan2(b, a))
    greens = near(hue, GREENS, 24) * ramp(chroma, 4, 14)
    blues = near(hue, BLUES, 38)
    reds = near(hue, REDS, 14) * ramp(chroma, 38, 60)
    hue = hue + greens * palette.greens + blues * palette.blues + reds * palette.reds
    gain = palette.chroma + greens * (palette.greens_chroma - 1)
    gain = gain + blues * (palette.blues_chroma - 1) + reds * (palette.reds_chroma - 1)
    chroma = chroma * gain
    # A knee and not a clip: two neons must not become one colour.
    over = np.maximum(chroma - KNEE, 0)
    chroma = chroma - over * np.float32(0.4)
    turn = np.radians(hue)
    return np.stack([lightness, chroma * np.cos(turn), chroma * np.sin(turn)], -1)


def near(hue: Degrees, centre: float, width: float) -> Degrees:
    """Say how near a hue is to a centre, 1 to 0, around the circle."""
    away = (hue - np.float32(centre) + 180) % 360 - 180
    near_by: Degrees = np.exp(-((away / np.float32(width)) ** 2)).astype(np.float32)
    return near_by


def toned(lab: Colours, palette: Palette) -> Colours:
    """Bend lightness: contrast about the middle, lift of the midtones, where black and white lie."""
    x = np.clip(lab[..., 0] / 100, 0, 1)
    x = x - np.float32(palette.contrast * 0.12) * np.sin(2 * np.pi * x).astype(np.float32)
    x = x + np.float32(palette.lift / 100) * np.sin(np.pi * x).astype(np.float32)
    low, high = palette.black, palette.white
    out = lab.copy()
    out[..., 0] = np.clip(low + (high - low) * x, 0, 100)
    return out


def tinted(lab: Colours, palette: Palette) -> Colours:
    """Lean shadows to one colour and highlights to another."""
    out = lab.copy()
    bright = lab[..., 0]
    for code, where in (
        (palette.shadow, ramp(bright, 60, 8)),
        (palette.highlight, ramp(bright, 55, 98)),
    ):
        lean = to_lab(np.array([[colour(code)]], np.float32))[0, 0, 1:]
        out[..., 1:] += lean * (where * np.float32(palette.tint))[..., None]
    return out


def pulled(lab: Colours, palette: Palette) -> Colours:
    """Pull each colour towards the style's pigments, weighted by distance in Lab."""
    if not palette.pigments:
        return lab
    palettes = to_lab(np.array([[colour(code) for code in palette.pigments]], np.float32))[0]
    gaps = lab[..., None, :] - palettes
    # Lightness counts less, so that shading survives the pull of few pigments.
    gaps[..., 0] *= np.float32(0.7)
    apart: Plane = np.einsum("...c,...c->...", gaps, gaps)
    weight = np.exp(-(apart - apart.min(-1, keepdims=True)) / np.float32(180))
    there = (weight / weight.sum(-1, keepdims=True)) @ palettes
    drawn: Colours = lab + (there - lab) * np.float32(palette.pull)
    return drawn
