"""A study at a quarter of the size: it shows what light, paper and skin need, before the whole is glazed."""

from __future__ import annotations

import numpy as np

from pipeline.engines.painter.analysis.photo_analysis import PhotoAnalysis
from pipeline.engines.painter.arrays import Colours, Plane, as_colours, part, resize
from pipeline.engines.painter.canvas import scaled
from pipeline.engines.painter.filters.compositing import Layers, PaletteSet, coloured, lit, papered
from pipeline.engines.painter.filters.lighting import glow_of, vignette
from pipeline.engines.painter.filters.portrait import blush, lost_complexion
from pipeline.engines.painter.filters.sky import Skyscape
from pipeline.engines.painter.filters.texture import bare_of, frame_of
from pipeline.engines.painter.tiling import resized
from pipeline.styles import Style


def studied(
    flat: Colours,
    density: Plane,
    ink: Plane,
    sky: Skyscape | None,
    view: PhotoAnalysis,
    style: Style,
    pots: PaletteSet,
    seed: int,
) -> Layers:
    """Paint the study and derive from it all layers."""
    small, subject = part(flat, 0.25), view.subject
    heaven = resized(sky, small.shape) if sky else None
    # On skin tones gather to planes, between features whose tones stay as they are.
    spare = subject.features - np.float32(0.95) * subject.bare * (1 - subject.features)
    study = coloured(small, spare, resize(density, small.shape), heaven, pots)
    glow = glow_of(study, style.light, view.daylight, view.unit)
    study = lit(study, glow)
    # Paper is laid before skin is mended, so that bare paper on a cheek counts as a loss.
    bare = bare_of(study, style.pigment, view, seed)
    study = papered(study, None if bare is None else resize(bare, small.shape), pots.paper)
    return Layers(
        spare=spare,
        density=density,
        glow=glow,
        bare=bare,
        mended=mended(study, view, style),
        ink=ink,
        frame=frame_of(flat.shape, style.pigment, seed),
    )


def mended(study: Colours, view: PhotoAnalysis, style: Style) -> Colours:
    """Say what the study lacks: skin's own colour, blush, and dark corners."""
    added = np.zeros_like(study)
    if not style.palette.relight:
        photo = as_colours(scaled(view.pixels, *study.shape[:2]))
        added += lost_complexion(study, photo, view.subject, style.palette.skin)
    if style.light.blush > 0:
        added += blush(study, view.subject.faces, style.light.blush, view.unit)
    if style.light.vignette > 0:
        added += vignette(study, style.light.vignette)
    return added
