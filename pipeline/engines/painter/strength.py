"""Strength: one number between "barely touched" and "boldest" scales everything a style says."""

from __future__ import annotations

from dataclasses import replace

from pipeline.styles import Style

USUAL = 0.6
"""The strength at which a style file is taken by its word."""


def emboldened(style: Style, strength: float) -> Style:
    """Scale a style's amounts; continuous in `strength`, so that no two neighbours differ by a jump."""
    k = strength / USUAL
    return replace(
        style,
        stroke=replace(
            style.stroke,
            size=style.stroke.size * (0.5 + 0.5 * k),
            length=share(style.stroke.length * k),
            wobble=style.stroke.wobble * k,
        ),
        steps=replace(style.steps, weight=share(style.steps.weight * k)),
        line=replace(style.line, weight=share(style.line.weight * (0.25 + 0.75 * k))),
        sky=replace(style.sky, weight=share(style.sky.weight * k * 1.5)),
        pigment=replace(
            style.pigment,
            density=share(style.pigment.density * k),
            edge=share(style.pigment.edge * k),
            hatch=share(style.pigment.hatch * k),
        ),
        light=replace(style.light, eyes=share(style.light.eyes * k)),
    )


def palette_share(strength: float) -> float:
    """Say how much of the palette's say counts, in 64ths, so that few cubes are ever worked out."""
    return round(64 * share(0.25 + 0.75 * strength / USUAL)) / 64


def presence(strength: float) -> float:
    """Say how much of the painting lies over the photo, 0.2..1."""
    t = share(strength / (0.8 * USUAL))
    return 0.2 + 0.8 * t * t * (3 - 2 * t)


def share(amount: float) -> float:
    """Keep an amount within 0..1."""
    return min(1.0, max(0.0, amount))
