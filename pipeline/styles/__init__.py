"""The styles that a person can choose: one TOML file each in this folder."""

from __future__ import annotations

from pipeline.styles.load import StyleBroken, find_style, load_styles, read_style
from pipeline.styles.schema import (
    Areas,
    Clouds,
    Diffusion,
    Light,
    Line,
    Palette,
    Pigment,
    Sky,
    Steps,
    Stroke,
    Style,
)

__all__ = [
    "Areas",
    "Clouds",
    "Diffusion",
    "Light",
    "Line",
    "Palette",
    "Pigment",
    "Sky",
    "Steps",
    "Stroke",
    "Style",
    "StyleBroken",
    "find_style",
    "load_styles",
    "read_style",
]
