"""Ink over paint: where lines go, and how heavy they are."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.ink import pen, ridges
from pipeline.engines.painter.layers import fitted_rows
from pipeline.engines.painter.noise import grainy
from pipeline.engines.painter.planes import Plane, ramp, resize, wide_blur
from pipeline.engines.painter.strips import by_rows
from pipeline.engines.painter.subject import Subject
from pipeline.engines.painter.view import View
from pipeline.styles import Line

FAINTEST = 0.0044
"""Darkness (in roots of luma) at which a contour gets a line."""


def lines(bright: Plane, view: View, line: Line, seed: int, crew: Executor) -> Plane:
    """Say how much ink covers each spot, 0..0.94. `bright` is the luma of the finest strokes."""
    if line.weight <= 0:
        return np.zeros_like(bright)
    width = 0.9 * view.unit * line.width + 0.1
    ridge = ridges(bright, view.flow, width, 3.6 * view.unit, crew)
    least = faintest(view.subject, line)
    weight = pressure(view) * np.float32(line.weight)
    # Skips are where the paper is deep, whatever is drawn there.
    paper = skips(bright.shape, view.unit, seed) if line.texture > 0 else None

    def strip(rows: slice) -> Plane:
        threshold, press = (fitted_rows(plane, rows, bright.shape) for plane in (least, weight))
        cover = pen(ridge[rows], threshold)
        cover *= press
        if paper is not None:
            cover *= 1 - paper[rows] * np.float32(line.texture)
        return np.minimum(cover, np.float32(0.94))

    return by_rows(crew, ridge, strip)


def pressure(view: View) -> Plane:
    """Press harder on people, and softer on faces too small for the pen and among leaves."""
    subject = view.subject
    weight = np.full(subject.people.shape, 0.95, np.float32)
    weight += np.float32(0.30) * subject.people - np.float32(0.25) * subject.small
    crowd = thickets(view.flow, subject.people.shape, view.unit) * (1 - subject.people)
    weight *= 1 - np.float32(0.6) * crowd
    return weight


def skips(shape: tuple[int, ...], unit: float, seed: int) -> Plane:
    """Find where a dry brush or a pencil leaves the paper's valleys white."""
    return ramp(grainy(shape, seed + 31, 1.1 * unit) + grainy(shape, seed + 32, 3 * unit), 0.2, 1.8)


def thickets(flow: Flow, shape: tuple[int, ...], unit: float) -> Plane:
    """Find leaves, gravel and grass, where contours crowd: drawn like forms they would look like worms."""
    crowd = ramp(resize(flow.force, shape), 0.015, 0.04)
    return ramp(wide_blur(crowd, 3 * unit), 0.45, 0.85)


def faintest(subject: Subject, line: Line) -> Plane:
    """Ask more of a contour before it is drawn across a face: wrinkles and noses are not outlines."""
    bare = subject.head * (1 - subject.features)
    extra = np.float32(0.0034) * bare - np.float32(0.001) * subject.people
    return (np.float32(FAINTEST) + extra) * np.float32(1 / max(line.detail, 0.05))
