"""Ink over paint: where lines go, how heavy they are, and what they do to the colour below."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.ink import pen, ridges
from pipeline.engines.painter.noise import grainy
from pipeline.engines.painter.planes import (
    Colours,
    Plane,
    colour,
    mix,
    part,
    ramp,
    resize,
    tint,
    wide_blur,
)
from pipeline.engines.painter.subject import Subject
from pipeline.engines.painter.view import View
from pipeline.styles import Line

FAINTEST = 0.0044
"""Darkness (in roots of luma) at which a contour gets a line."""


def with_lines(picture: Colours, bright: Plane, view: View, line: Line, seed: int) -> Colours:
    """Draw ink; it multiplies what lies below, so that lines take its hue."""
    if line.weight <= 0:
        return picture
    flow, subject, unit = view.flow, view.subject, view.unit
    ridge = ridges(bright, flow, 0.9 * unit * line.width + 0.1)
    threshold = faintest(subject, line)
    weight = np.float32(0.95) + np.float32(0.30) * subject.people - np.float32(0.25) * subject.small
    weight *= 1 - np.float32(0.6) * thickets(flow, unit) * (1 - subject.people)
    if line.texture > 0:
        weight *= 1 - skips(bright.shape, unit, seed) * np.float32(line.texture)
    cover = np.clip(pen(ridge, threshold) * weight * np.float32(line.weight), 0, 0.94)
    below = picture * picture * np.float32(0.4)
    ink = below + tint(np.ones_like(cover), colour(line.colour)) * np.float32(0.45)
    return mix(picture, ink, cover)


def skips(shape: tuple[int, ...], unit: float, seed: int) -> Plane:
    """Find where a dry brush or a pencil leaves the paper's valleys white."""
    return ramp(grainy(shape, seed + 31, 1.1 * unit) + grainy(shape, seed + 32, 3 * unit), 0.2, 1.8)


def thickets(flow: Flow, unit: float) -> Plane:
    """Find leaves, gravel and grass, where contours crowd: drawn like forms they would look like worms."""
    crowd = ramp(part(flow.force, 0.25), 0.015, 0.04)
    return resize(ramp(wide_blur(crowd, 3 * unit), 0.45, 0.85), flow.force.shape)


def faintest(subject: Subject, line: Line) -> Plane:
    """Ask more of a contour before it is drawn across a face: wrinkles and noses are not outlines."""
    bare = subject.head * (1 - subject.features)
    extra = np.float32(0.0034) * bare - np.float32(0.001) * subject.people
    return (np.float32(FAINTEST) + extra) * np.float32(1 / max(line.detail, 0.05))
