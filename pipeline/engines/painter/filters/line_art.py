"""Ink lines along contours: where they go, and how heavy they are.

A difference of Gaussians, smoothed along the contour (Kang 2007), with the soft threshold of XDoG
(Winnemoeller 2012). Contours are found in the flat picture, where textures are gone. What a pen would not
draw is left out: short marks, contours that are out of focus in the photo, and contours within the sky.
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from typing import cast

import cv2
import numpy as np

from pipeline.engines.painter.analysis.photo_analysis import PhotoAnalysis
from pipeline.engines.painter.analysis.structure_tensor import Flow, flow_of
from pipeline.engines.painter.analysis.subject import Subject
from pipeline.engines.painter.arrays import (
    BESIDE,
    Colours,
    Plane,
    as_colours,
    blur,
    luma,
    magnitude,
    part,
    ramp,
    resize,
    spread,
)
from pipeline.engines.painter.canvas import by_rows, fitted_rows, scaled
from pipeline.engines.painter.filters.noise import grainy
from pipeline.engines.painter.filters.strokes import tangle
from pipeline.styles import Line

SPREAD = 1.6
"""The ratio of the two Gaussians that comes closest to a Laplacian (Marr and Hildreth 1980)."""

FAINTEST = 0.0026
"""Darkness (in tones, see `tones_of`) at which a contour gets a line."""

FULL = 0.008
"""Darkness beyond the faintest at which a line is fully inked."""

BOLD_FROM, BOLDEST, BOLD = 0.035, 0.08, 0.75
"""Darkness of a wide contour from which its line grows heavier, where it is heaviest, and by how much."""

REACH = 5.0
"""Length to either side, in units of the picture, along which a contour is averaged."""

SHORTEST = 22.0
"""Marks up to half as long, in units of the picture, are not drawn; from this length on they are."""

BLURRED, SHARP = 0.10, 0.22
"""Steepest slope of a contour per px of the half-size picture, as a part of the contrast around it."""

FINE_SPARED = 0.8
"""How much less ink lies on letters and faces that are smaller than the pen can draw."""

GREATEST = 0.96
"""No line covers its ground fully, so that it takes some of the colour there."""


def lines(
    flat: Colours, analysis: PhotoAnalysis, fine: Plane, line: Line, seed: int, pool: Executor
) -> Plane:
    """Say how much ink covers each spot, 0..0.96.

    `flat` is the picture to draw on; `fine` says where it shows things thinner than the pen, 0..1.
    """
    if line.weight <= 0:
        return np.zeros(flat.shape[:2], np.float32)
    tones = tones_of(flat, analysis.unit)
    half = part(tones, 0.5)
    width = 0.9 * analysis.unit * line.width + 0.1
    ridge = ridges(tones, flow_of(half, analysis.unit), width, REACH * analysis.unit, pool)
    least = faintest(analysis.subject, line)
    bold = np.float32(BOLD) * ramp(wide_ridges(half, width), BOLD_FROM, BOLDEST)
    small = np.maximum(pen(part(ridge, 0.5), resize(least, half.shape), FULL), bold)
    weight = resize(pressure(analysis), half.shape) * np.float32(line.weight)
    # A line beside a letter fills its gaps as much as one upon it.
    weight *= 1 - np.float32(FINE_SPARED) * cast(Plane, cv2.dilate(fine, np.ones((5, 5), np.uint8)))
    weight *= long_marks(small, analysis.unit) * focus(analysis)
    weight *= 1 - resize(analysis.air, half.shape)
    paper = skips(tones.shape, analysis.unit, seed) if line.texture > 0 else None

    def strip(rows: slice) -> Plane:
        threshold, press, heavy = (
            fitted_rows(plane, rows, tones.shape) for plane in (least, weight, bold)
        )
        cover = np.maximum(pen(ridge[rows], threshold, FULL), heavy)
        cover *= press
        if paper is not None:
            cover *= 1 - paper[rows] * np.float32(line.texture)
        return np.minimum(cover, np.float32(GREATEST))

    return by_rows(pool, ridge, strip)


def tones_of(flat: Colours, unit: float) -> Plane:
    """Return what a pen heeds: luma, with the shadows spread so that lines there count as much."""
    bright = luma(flat)
    return blur(np.sqrt(bright) * np.float32(0.75) + bright * np.float32(0.25), 0.5 * unit)


def long_marks(cover: Plane, unit: float) -> Plane:
    """Keep (1) marks that are long enough for a line and drop (0) specks; `cover` is at half size."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((cover > 0.2).astype(np.uint8))
    length = np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])
    keep = ramp(length.astype(np.float32), SHORTEST * unit / 4, SHORTEST * unit / 2)
    keep[0] = 0
    return cast(Plane, cv2.dilate(keep[labels], np.ones((3, 3), np.uint8)))


def focus(analysis: PhotoAnalysis) -> Plane:
    """Say where the photo is in focus, 0..1, at half size.

    The slope of a sharp contour is a large part of the contrast around it, that of a blurred one is not.
    """
    bright = luma(as_colours(scaled(analysis.pixels, *analysis.half.shape[:2])))
    right, down = (cast(Plane, cv2.Scharr(bright, -1, x, 1 - x)) for x in (1, 0))
    slope = magnitude(right, down) * np.float32(1 / 32)
    width = 2 * max(1, round(3.2 * analysis.unit)) + 1
    square = np.ones((width, width), np.uint8)
    contrast = cast(Plane, cv2.dilate(bright, square)) - cast(Plane, cv2.erode(bright, square))
    steepest = cast(Plane, cv2.dilate(slope, square))
    return ramp(steepest / (contrast + np.float32(0.015)), BLURRED, SHARP)


def pressure(analysis: PhotoAnalysis) -> Plane:
    """Return the weight of lines: heavier on people, lighter on faces, very small faces and foliage."""
    subject = analysis.subject
    weight = np.full(subject.people.shape, 0.95, np.float32)
    weight += np.float32(0.30) * subject.people - np.float32(0.25) * subject.small
    weight *= 1 - np.float32(0.5) * subject.head * (1 - subject.features)
    crowd = resize(tangle(analysis.flow, analysis.unit), subject.people.shape) * (
        1 - subject.people
    )
    weight *= 1 - np.float32(0.6) * crowd
    return weight


def skips(shape: tuple[int, ...], unit: float, seed: int) -> Plane:
    """Return where a dry brush or a pencil leaves the valleys of the paper white, 0..1."""
    return ramp(grainy(shape, seed + 31, 1.1 * unit) + grainy(shape, seed + 32, 3 * unit), 0.2, 1.8)


def faintest(subject: Subject, line: Line) -> Plane:
    """Ask more of a contour before it is drawn across a face: wrinkles and noses are not outlines."""
    bare = subject.head * (1 - subject.features)
    extra = np.float32(0.006) * bare - np.float32(0.0008) * subject.people
    return (np.float32(FAINTEST) + extra) * np.float32(1 / max(line.detail, 0.05))


def ridges(luma: Plane, flow: Flow, width_px: float, reach_px: float, pool: Executor) -> Plane:
    """Say how much darker a spot is than its surroundings, along the contour it lies on."""
    darker = wide_ridges(luma, width_px)
    halo = math.ceil(reach_px) + 1

    step = len(luma) // len(flow.x)

    def strip(rows: slice) -> Plane:
        first = max(0, rows.start - halo)
        nearby, forms = (
            darker[first : rows.stop + halo],
            slice(rows.start // step, rows.stop // step),
        )
        size = (rows.stop - rows.start, luma.shape[1])
        x, y = (spread(plane[forms], size) for plane in (flow.x, flow.y))
        return along(nearby, x, y, rows.start - first, reach_px, 4)

    return by_rows(pool, np.empty_like(luma), strip)


def wide_ridges(luma: Plane, width_px: float) -> Plane:
    """Say how much darker a spot is than its surroundings, in all directions alike."""
    return blur(luma, width_px * SPREAD) - blur(luma, width_px)


def along(plane: Plane, x: Plane, y: Plane, first: int, reach_px: float, samples: int) -> Plane:
    """Average a plane along a flow (x, y), `reach_px` to either side, with a Gaussian weight.

    The first row of the flow is row `first` of `plane`; `samples` are taken on each side.
    """
    total = plane[first : first + len(x)].copy()
    weights, home = 1.0, np.float32(first)
    for sample in range(1, samples + 1):
        weight = math.exp(-1.5 * (sample / samples) ** 2)
        step = np.float32(reach_px * sample / samples)
        dx, dy = x * step, y * step
        for right, down in ((dx, home + dy), (-dx, home - dy)):
            seen = cv2.remap(plane, right, down, BESIDE, borderMode=cv2.BORDER_REPLICATE)
            cv2.scaleAdd(seen, weight, total, dst=total)
        weights += 2 * weight
    return total * np.float32(1 / weights)


def pen(ridge: Plane, threshold: Plane | float, softness: float = 0.014) -> Plane:
    """Turn ridges into the cover of ink, 0..1."""
    return ramp(ridge - threshold, 0.0, softness)
