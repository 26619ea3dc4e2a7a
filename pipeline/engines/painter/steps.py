"""Soft luminance steps: gradients become a few flat tones with gentle borders (Winnemoeller 2006)."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.planes import Colours, Plane, blur, from_lab, mix, ramp, to_lab
from pipeline.styles import Steps


def with_steps(flat: Colours, steps: Steps, spare: Plane, unit: float) -> Colours:
    """Turn soft shading into a few tones, except where `spare` is 1.

    Blacks are left alone: there, steps would show as noise.
    """
    if steps.weight <= 0:
        return flat
    lab = to_lab(np.clip(flat, 0, 1))
    lightness = np.ascontiguousarray(lab[..., 0])
    tones = blur(stepped(lightness, steps), 0.8 * unit)
    weight = ramp(lightness, 8, 30) * (1 - np.float32(0.85) * spare) * np.float32(steps.weight)
    lab[..., 0] = mix(lightness, tones, weight)
    return from_lab(lab)


def stepped(lightness: Plane, steps: Steps) -> Plane:
    """Quantise L (0..100) to the style's number of tones."""
    height = np.float32(100 / steps.count)
    nearest = np.round(lightness / height) * height
    slope = np.float32(steps.sharpness) / height
    tones: Plane = nearest + height / 2 * np.tanh((lightness - nearest) * slope)
    return tones
