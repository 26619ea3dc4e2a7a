"""A preview at a quarter of the size, from which the layers for light, paper and skin are computed."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.analysis.photo_analysis import PhotoAnalysis
from pipeline.engines.painter.arrays import Colours, Plane, as_colours, part, resize
from pipeline.engines.painter.canvas import resized, scaled
from pipeline.engines.painter.filters.compositing import (
    Layers,
    PaletteSet,
    coloured,
    glow_of,
    lit,
    papered,
    vignette,
)
from pipeline.engines.painter.filters.portrait import blush, lost_complexion
from pipeline.engines.painter.filters.sky import Skyscape
from pipeline.engines.painter.filters.texture import bare_of, frame_of
from pipeline.styles import Style

FACE_AT_NIGHT = 0.5
"""Share of the lightness that skin keeps where the style changes the time of day: a face is never lost."""


def previewed(
    flat: Colours,
    density: Plane,
    ink: Plane,
    sky: Skyscape | None,
    analysis: PhotoAnalysis,
    style: Style,
    palettes: PaletteSet,
    seed: int,
) -> Layers:
    """Paint the preview and compute all layers from it."""
    small, subject = part(flat, 0.25), analysis.subject
    small_sky = resized(sky, small.shape) if sky else None
    # On skin tones gather to planes, between features and small faces whose tones stay as they are.
    fine = np.maximum(subject.features, subject.small)
    spare = fine - np.float32(0.95) * subject.bare * (1 - fine)
    preview = coloured(small, spare, resize(density, small.shape), small_sky, palettes)
    glow = glow_of(preview, style.light, analysis.daylight, analysis.unit)
    preview = lit(preview, glow)
    # Paper comes before the correction of skin, so that bare paper on a cheek is corrected, too.
    bare = bare_of(preview, style.pigment, analysis, seed)
    preview = papered(preview, None if bare is None else resize(bare, small.shape), palettes.paper)
    return Layers(
        spare=spare,
        density=density,
        glow=glow,
        bare=bare,
        corrections=corrections(preview, analysis, style),
        ink=ink,
        frame=frame_of(flat.shape, style.pigment, seed),
    )


def corrections(preview: Colours, analysis: PhotoAnalysis, style: Style) -> Colours:
    """Return what to add to the preview: the skin's own colour, blush, and darker corners."""
    added = np.zeros_like(preview)
    photo = as_colours(scaled(analysis.pixels, *preview.shape[:2]))
    lightness = FACE_AT_NIGHT if style.palette.relight else 1.0
    added += lost_complexion(preview, photo, analysis.subject, style.palette.skin, lightness)
    if style.light.blush > 0:
        added += blush(preview, analysis.subject.faces, style.light.blush, analysis.unit)
    if style.light.vignette > 0:
        added += vignette(preview, style.light.vignette)
    return added
