"""From photo to brush strokes: fine ones where something happens, broad ones where it is calm.

The anisotropic Kuwahara filter at several scales (Kyprianidis 2011).
"""

from __future__ import annotations

import math
from concurrent.futures import Executor

import cv2
import numpy as np

from pipeline.contract import RGB
from pipeline.engines.painter.flow import Flow
from pipeline.engines.painter.kuwahara import kuwahara
from pipeline.engines.painter.layers import resized
from pipeline.engines.painter.planes import Colours, Plane, blur, mix, part, ramp, resize
from pipeline.styles import Stroke

FINE, BROAD, BROADEST = 3.4, 10.8, 20.0
"""Radii of the three brushes, in units of the picture."""


def settled(photo: RGB, unit: float) -> RGB:
    """Take the grain out of a photo and leave its edges (a small bilateral filter)."""
    calm = cv2.bilateralFilter(photo, 5, 24, max(1.0, 3 * unit))
    return np.asarray(calm, np.uint8)


def brushed(
    picture: Colours, flow: Flow, care: Plane, stroke: Stroke, unit: float, crew: Executor
) -> tuple[Colours, Colours]:
    """Paint `picture` anew with three brushes. `care` (0..1) asks for the fine one.

    Returns the painting and its fine layer alone, which lines are drawn from.
    """
    size = unit * stroke.size
    fine = kuwahara(picture, flow, FINE * unit * math.sqrt(stroke.size) + 0.3, crew)
    half = part(fine, 0.5)
    broad = kuwahara(half, resized(flow, half.shape), BROAD * size / 2 + 0.4, crew)
    quarter = part(broad, 0.5)
    broadest = kuwahara(quarter, resized(flow, quarter.shape), BROADEST * size / 4 + 0.4, crew)
    quiet = quietness(resize(flow.force, half.shape), unit / 2) * (1 - resize(care, half.shape))
    calm = mix(broad, resize(broadest, half.shape), quiet * np.float32(stroke.calm))
    return mix(resize(calm, picture.shape), fine, fineness(flow, care, unit)), fine


def quietness(force: Plane, unit: float) -> Plane:
    """Say where nothing happens for a while around, 0..1."""
    return ramp(blur(force, 6 * unit), 0.035, 0.010)


def fineness(flow: Flow, care: Plane, unit: float) -> Plane:
    """Say where the fine brush is needed: along clean contours and where care is asked for."""
    contour = ramp(blur(flow.force, 1.2 * unit + 0.2), 0.012, 0.05)
    clean = np.maximum(ramp(flow.lean, 0.15, 0.5), care)
    return np.clip(0.22 + contour * (0.20 + 0.36 * clean) + 0.5 * care, 0, 1)
