"""Soft luminance steps: gradients become a few flat tones with gentle borders (Winnemoeller 2006)."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.engines.painter.planes import Colours, Plane, luma, ramp
from pipeline.styles import Steps


def with_steps(flat: Colours, steps: Steps, spare: Plane) -> Colours:
    """Turn soft shading into a few tones, except where `spare` is 1.

    Blacks are left alone: there, steps would show as noise. Luma serves as lightness, since sRGB's bytes
    are spaced much like it.
    """
    if steps.weight <= 0:
        return flat
    bright = luma(flat)
    weight = ramp(bright, 0.08, 0.30) * (1 - np.float32(0.85) * spare) * np.float32(steps.weight)
    change = (stepped(bright, steps) - bright) * weight
    return flat + cv2.merge([change] * 3)


def stepped(bright: Plane, steps: Steps) -> Plane:
    """Quantise luma (0..1) to the style's number of tones."""
    height = np.float32(1 / steps.count)
    nearest = np.round(bright * np.float32(steps.count)) * height
    slope = np.float32(steps.sharpness) / height
    tones: Plane = nearest + height / 2 * np.tanh((bright - nearest) * slope)
    return tones
