"""Soft luminance steps: gradients become a few flat tones with gentle borders (Winnemoeller 2006)."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.planes import Colours, Plane, luma, ramp, thrice
from pipeline.styles import Steps


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
