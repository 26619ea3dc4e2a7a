"""One photo's way to a painting, step by step."""

from __future__ import annotations

from concurrent.futures import Executor

import cv2
import numpy as np

from pipeline.contract import RGB
from pipeline.engines.painter.boldness import emboldened, palette_share, presence
from pipeline.engines.painter.flow import Flow, flow_of
from pipeline.engines.painter.ink import pen, ridges
from pipeline.engines.painter.palette import cube_of, recolour
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    blur,
    colour,
    from_lab,
    luma,
    mix,
    ramp,
    tint,
    to_lab,
)
from pipeline.engines.painter.steps import stepped
from pipeline.engines.painter.strokes import brushed, settled
from pipeline.styles import Line, Palette, Steps, Style

SIDE_PX = 900
"""A picture of this geometric mean side has unit 1: brushes and lines are measured in it."""


def paint_photo(photo: RGB, style: Style, strength: float, crew: Executor) -> RGB:
    """Paint `photo` at its own size."""
    bold = emboldened(style, strength)
    unit = float(np.sqrt(photo.shape[0] * photo.shape[1])) / SIDE_PX
    calm = settled(as_colours(photo), unit)
    flow = flow_of(luma(calm), unit)
    care = np.zeros(calm.shape[:2], np.float32)
    flat, fine = brushed(calm, flow, care, bold.stroke, unit, crew)
    flat = with_steps(flat, bold.steps, unit)
    coloured = in_palette(flat, bold.palette, palette_share(strength))
    inked = with_lines(coloured, luma(fine), flow, bold.line, unit)
    return as_bytes(mix(as_colours(photo), inked, presence(strength)))


def with_steps(flat: Colours, steps: Steps, unit: float) -> Colours:
    """Turn soft shading into a few tones; blacks are left alone, where steps would show as noise."""
    lab = to_lab(np.clip(flat, 0, 1))
    lightness = np.ascontiguousarray(lab[..., 0])
    tones = blur(stepped(lightness, steps), 0.8 * unit)
    weight = ramp(lightness, 8, 30) * np.float32(steps.weight)
    lab[..., 0] = mix(lightness, tones, weight)
    return from_lab(lab)


def in_palette(flat: Colours, palette: Palette, share: float) -> Colours:
    """Recolour the painting."""
    return as_colours(recolour(as_bytes(flat), cube_of(palette, share)))


def with_lines(picture: Colours, bright: Plane, flow: Flow, line: Line, unit: float) -> Colours:
    """Draw ink over the painting: lines multiply what lies below, so that they take its hue."""
    ridge = ridges(bright, flow, 0.9 * unit * line.width + 0.1)
    cover = pen(ridge, 0.0044 / max(line.detail, 0.01)) * np.float32(line.weight)
    below = picture * picture * np.float32(0.4)
    ink = below + tint(np.ones_like(cover), colour(line.colour)) * np.float32(0.45)
    return mix(picture, ink, cover)


def as_colours(pixels: RGB) -> Colours:
    """Bytes -> 0..1."""
    return pixels.astype(np.float32) * np.float32(1 / 255)


def as_bytes(colours: Colours) -> RGB:
    """0..1 -> bytes, rounded."""
    return np.asarray(cv2.convertScaleAbs(np.clip(colours, 0, 1), alpha=255), np.uint8)
