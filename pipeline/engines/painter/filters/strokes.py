"""From photo to brush strokes: fine ones where something happens, broad ones where it is calm.

The anisotropic Kuwahara filter at several scales (Kyprianidis 2011).
"""

from __future__ import annotations

import math
from concurrent.futures import Executor
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.structure_tensor import Flow
from pipeline.engines.painter.arrays import Colours, Plane, blur, mix, part, ramp, resize, wide_blur
from pipeline.engines.painter.canvas import by_rows, fitted_rows
from pipeline.engines.painter.filters.kuwahara import kuwahara
from pipeline.styles import Stroke

FINE, BROAD, BROADEST = 3.4, 10.8, 20.0
"""Radii of the three brushes, in units of the picture."""


def denoised(photo: RGB, unit: float) -> RGB:
    """Remove noise and keep edges, with a small bilateral filter."""
    calm = cv2.bilateralFilter(photo, 5, 24, max(1.0, 3 * unit))
    return np.asarray(calm, np.uint8)


@dataclass(frozen=True, slots=True)
class BrushMask:
    """How carefully each spot is to be painted, at half the picture's size."""

    fine: Plane
    """1 asks for the fine brush; below 0, for a broader one than elsewhere."""
    untouched: Plane
    """1 lets the photo stand."""


@dataclass(frozen=True, slots=True)
class Brushes:
    """The same picture, painted with three brushes."""

    fine: Colours
    forms: Flow
    broad: Colours | None = None
    """At half the size."""
    broadest: Colours | None = None
    """At a quarter of the size."""


def brushed(picture: Colours, flow: Flow, stroke: Stroke, unit: float, pool: Executor) -> Brushes:
    """Paint `picture` anew, each brush upon what the finer one has painted.

    Brushes that the style does not use are left out.
    """
    size = unit * stroke.size
    fine = kuwahara(picture, flow, FINE * unit * math.sqrt(stroke.size) + 0.3, pool)
    if max(stroke.calm, stroke.clumps) <= 0:
        return Brushes(fine, flow)
    broad = kuwahara(part(fine, 0.5), flow, BROAD * size / 2 + 0.4, pool)
    if stroke.calm <= 0:
        return Brushes(fine, flow, broad)
    broadest = kuwahara(part(broad, 0.5), flow.thinned(), BROADEST * size / 4 + 0.4, pool)
    return Brushes(fine, flow, broad, broadest)


def mixed(
    picture: Colours, brushes: Brushes, mask: BrushMask, stroke: Stroke, unit: float, pool: Executor
) -> Colours:
    """Choose for each spot among the brushes."""
    fine, under = brushes.fine, brushes.broad
    keep = np.ones_like(mask.fine)
    if under is not None and brushes.broadest is not None:
        quiet = quietness(brushes.forms.force, unit / 2) * np.minimum(1 - mask.fine, 1)
        under = mix(under, resize(brushes.broadest, under.shape), quiet * np.float32(stroke.calm))
        keep = fineness(brushes.forms, mask.fine, unit / 2)
    crowd = tangle(brushes.forms, unit) * np.minimum(1 - mask.fine, 1)
    keep = np.minimum(keep, 1 - np.float32(stroke.clumps) * crowd)
    planes = (fine if under is None else under, keep, mask.untouched)

    def strip(rows: slice) -> Colours:
        below, keep, stay = (fitted_rows(plane, rows, picture.shape) for plane in planes)
        return mix(mix(below, fine[rows], keep), picture[rows], stay)

    return by_rows(pool, np.empty_like(picture), strip)


def tangle(flow: Flow, unit: float) -> Plane:
    """Find contours that crowd and run all ways, as of leaves, 0..1; those of windows and railings agree."""
    contrast = ramp(flow.force, 0.012, 0.035)
    near, agreed = (wide_blur(plane, 5 * unit / 2) for plane in (contrast, contrast * flow.lean))
    return ramp(near, 0.35, 0.7) * ramp(agreed / (near + np.float32(1e-3)), 0.62, 0.48)


def quietness(force: Plane, unit: float) -> Plane:
    """Say where nothing happens for a while around, 0..1."""
    return ramp(wide_blur(force, 6 * unit), 0.035, 0.010)


def fineness(flow: Flow, care: Plane, unit: float) -> Plane:
    """Say where the fine brush is needed: along clean contours and where `care` asks for it."""
    contour = ramp(blur(flow.force, 1.2 * unit + 0.2), 0.012, 0.05)
    clean = np.maximum(ramp(flow.lean, 0.15, 0.5), care)
    return np.clip(0.22 + contour * (0.20 + 0.36 * clean) + 0.5 * care, 0, 1)
