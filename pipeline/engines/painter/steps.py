"""Soft luminance steps: gradients become a few flat tones with gentle borders (Winnemoeller 2006)."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.planes import Plane
from pipeline.styles import Steps


def stepped(lightness: Plane, steps: Steps) -> Plane:
    """Quantise L (0..100) to the style's number of tones."""
    height = np.float32(100 / steps.count)
    nearest = np.round(lightness / height) * height
    slope = np.float32(steps.sharpness) / height
    tones: Plane = nearest + height / 2 * np.tanh((lightness - nearest) * slope)
    return tones
