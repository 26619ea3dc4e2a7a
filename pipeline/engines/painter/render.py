"""The steps that turn one photo into a painting.

Strength: one number between "barely touched" and "boldest" scales everything a style says.
"""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from pipeline.engine import RGB, RenderJob
from pipeline.engines.painter.analysis.fine_detail import filigree, lettering
from pipeline.engines.painter.analysis.photo_analysis import (
    PhotoAnalysis,
    daylight_of,
    opened_shadows,
)
from pipeline.engines.painter.analysis.sky import SkyFound, find_sky, sky_without_contours
from pipeline.engines.painter.analysis.structure_tensor import flow_of
from pipeline.engines.painter.analysis.subject import Subject, SubjectDetector
from pipeline.engines.painter.arrays import (
    Colours,
    Plane,
    as_bytes,
    as_colours,
    luma,
    mix,
    part,
    ramp,
    resize,
    wide_blur,
)
from pipeline.engines.painter.canvas import by_rows, off_canvas, on_canvas, resized, rows_of
from pipeline.engines.painter.filters.compositing import Layers, PaletteSet, composited
from pipeline.engines.painter.filters.flat_areas import with_flat_areas
from pipeline.engines.painter.filters.line_art import lines
from pipeline.engines.painter.filters.local_contrast import with_folds, with_local_contrast
from pipeline.engines.painter.filters.palette_lut import at_hour, cube_of
from pipeline.engines.painter.filters.portrait import draw_features, with_larger_eyes
from pipeline.engines.painter.filters.preview import previewed
from pipeline.engines.painter.filters.sky import Skyscape, skyscape
from pipeline.engines.painter.filters.strokes import (
    Brushes,
    BrushMask,
    brushed,
    denoised,
    mixed,
    tangle,
)
from pipeline.engines.painter.filters.texture import density_of, trembled
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
            length=clamped(style.stroke.length * k),
            wobble=style.stroke.wobble * k,
        ),
        steps=replace(style.steps, weight=clamped(style.steps.weight * k)),
        line=replace(style.line, weight=clamped(style.line.weight * (0.25 + 0.75 * k))),
        sky=replace(style.sky, weight=clamped(style.sky.weight * k * 1.5)),
        pigment=replace(
            style.pigment,
            density=clamped(style.pigment.density * k),
            edge=clamped(style.pigment.edge * k),
            hatch=clamped(style.pigment.hatch * k),
        ),
        light=replace(style.light, eyes=clamped(style.light.eyes * k)),
    )


def palette_share(strength: float) -> float:
    """Return the weight of the palette's colours, in steps of 1/64, so that few colour cubes are computed."""
    return round(64 * clamped(0.25 + 0.75 * strength / USUAL)) / 64


def presence(strength: float) -> float:
    """Return the weight of the painting over the photo, 0.2..1."""
    t = clamped(strength / (0.8 * USUAL))
    return 0.2 + 0.8 * t * t * (3 - 2 * t)


def clamped(amount: float) -> float:
    """Keep an amount within 0..1."""
    return min(1.0, max(0.0, amount))


OPENED = 0.4
"""How much broad shadows are lightened by day."""

LEAFAGE = 60.0
"""Radius in units of the picture: areas of foliage are wider than this, emblems and letters narrower."""

SIDE_PX = 900
"""A picture of this geometric mean side has unit 1: brushes and lines are measured in it."""


class PainterPipeline:
    """Turns one photo into a painting. Not thread-safe: its networks serve one thread at a time."""

    def __init__(self, pool: Executor) -> None:
        self.pool = pool
        self.detector = SubjectDetector()

    def paint(self, job: RenderJob) -> RGB:
        """Paint a photo at its own size."""
        style, seed = emboldened(job.style, job.strength), job.seed
        analysis, brushes = self.analyse(on_canvas(job.pixels, job.draft), style)
        # Pool tasks must not wait for each other: with one thread that would deadlock.
        sky_future = self.pool.submit(sky_of, analysis, style, seed)
        mask = brush_mask_for(analysis)
        flat = self.paint_areas(analysis, brushes, mask, style, seed)
        density_future = self.pool.submit(
            density_of, flat, analysis, style.pigment, style.stroke, seed
        )
        ink = lines(flat, analysis, mask.untouched, style.line, seed, self.pool)
        draw_features(ink, analysis.calm, analysis.subject, feature_ink(style))
        sky, density = sky_future.result(), density_future.result()
        palettes = palettes_of(analysis, style, palette_share(job.strength))
        layers = previewed(flat, density, ink, sky, analysis, style, palettes, seed)
        picture = self.finish(analysis.pixels, flat, layers, sky, palettes, presence(job.strength))
        with_larger_eyes(picture, analysis.subject.faces, style.light.eyes, analysis.unit)
        return off_canvas(picture, job.pixels, job.draft)

    def analyse(self, pixels: RGB, style: Style) -> tuple[PhotoAnalysis, Brushes]:
        """Analyse the photo on the pool, and paint the strokes meanwhile."""
        unit = float(np.sqrt(pixels.shape[0] * pixels.shape[1])) / SIDE_PX
        analysis_future = self.pool.submit(self.look, pixels, unit)
        daylight = daylight_of(pixels)
        calm = opened_shadows(denoised(pixels, unit), unit, OPENED * daylight, self.pool)
        half = part(calm, 0.5)
        flow = flow_of(luma(half), unit)
        brushes = brushed(calm, flow, style.stroke, unit, self.pool)
        subject, sky, air = analysis_future.result()
        return PhotoAnalysis(pixels, calm, half, flow, subject, sky, air, daylight, unit), brushes

    def look(self, pixels: RGB, unit: float) -> tuple[Subject, SkyFound | None, Plane]:
        """Find out what the photo shows: people, a sky that can be painted, and all that may be sky."""
        subject = self.detector.look(pixels, unit)
        return subject, find_sky(pixels, subject), sky_without_contours(pixels, subject)

    def paint_areas(
        self, analysis: PhotoAnalysis, brushes: Brushes, mask: BrushMask, style: Style, seed: int
    ) -> Colours:
        """Lay down strokes and flatten them; faces too small for any brush stay as they are."""
        strokes = mixed(analysis.calm, brushes, mask, style.stroke, analysis.unit, self.pool)
        features = resize(analysis.subject.features, mask.untouched.shape)
        keep = np.minimum(np.maximum(features, np.float32(1.2) * mask.untouched), 1)
        forms = None
        if style.areas.flatness > 0:
            spare = np.maximum(keep, forms_spared(analysis, keep.shape))
            forms = with_local_contrast(part(strokes, 0.5), analysis.half, spare, analysis.unit)
            forms = with_folds(forms, analysis.half, cloth_of(analysis, keep), analysis.unit)
        # A sky is one soft gradient: flat areas would show borders that the photo has not.
        keep = np.maximum(keep, np.float32(0.7) * resize(analysis.air, keep.shape))
        flat = with_flat_areas(strokes, keep, style.areas, self.pool, forms)
        if style.stroke.wobble > 0:
            head = resize(analysis.subject.head, mask.untouched.shape)
            steady = np.maximum(head, mask.untouched)
            flat = trembled(flat, style.stroke.wobble, steady, analysis.unit, seed)
        return flat

    def finish(
        self,
        photo: RGB,
        flat: Colours,
        layers: Layers,
        sky: Skyscape | None,
        palettes: PaletteSet,
        share: float,
    ) -> RGB:
        """Lay the last layers over the strokes, and the painting over the photo by a share."""

        def strip(rows: slice) -> RGB:
            sky_rows = rows_of(sky, rows, flat.shape) if sky else None
            done = composited(flat[rows], rows_of(layers, rows, flat.shape), sky_rows, palettes)
            return as_bytes(done if share == 1 else mix(as_colours(photo[rows]), done, share))

        return by_rows(self.pool, np.empty_like(photo), strip)


def brush_mask_for(analysis: PhotoAnalysis) -> BrushMask:
    """Return where the fine brush is used: on people, but not on their skin, which is painted in planes.

    Features, small faces, letters and filigree are hardly touched by any.
    """
    bright = luma(analysis.half)
    letters = lettering(bright, analysis.unit / 2)
    subject = resized(analysis.subject, bright.shape)
    features = np.maximum(np.float32(0.7) * subject.features, np.float32(0.9) * subject.small)
    # On skin, what is thin is a wrinkle or a lock: features have a mask of their own.
    skin = np.maximum(subject.head, subject.skin)
    thin = np.float32(0.85) * filigree(bright, analysis.unit / 2) * (1 - skin)
    thin *= 1 - leafage(analysis, bright.shape)
    people = np.float32(0.35) * subject.people - np.float32(0.65) * subject.bare
    return BrushMask(
        fine=np.maximum(people, subject.features),
        untouched=np.maximum(np.maximum(features, np.float32(0.9) * letters), thin),
    )


def leafage(analysis: PhotoAnalysis, shape: tuple[int, ...]) -> Plane:
    """Say where single blades and twigs lie among endless others, 0..1: those are no filigree."""
    crowd = wide_blur(tangle(analysis.flow, analysis.unit), LEAFAGE * analysis.unit / 2)
    return ramp(resize(crowd, shape), 0.22, 0.42)


def feature_ink(style: Style) -> float:
    """Say how much ink eyes, brows and mouths get: some in every style."""
    return 0.5 + 0.25 * style.line.weight


def forms_spared(analysis: PhotoAnalysis, shape: tuple[int, ...]) -> Plane:
    """Say where tones are not to be spread: on skin, and in the sky, 0..1."""
    skin = np.maximum(analysis.subject.skin, analysis.subject.head)
    return np.maximum(resize(skin, shape), resize(analysis.air, shape))


def cloth_of(analysis: PhotoAnalysis, keep: Plane) -> Plane:
    """Say where people wear something, at half size; only a person with a face is certain."""
    subject = analysis.subject
    if not subject.faces:
        return np.zeros_like(keep)
    bare = np.maximum(subject.skin, subject.head)
    return resize(ramp(subject.people, 0.4, 0.9) * (1 - bare), keep.shape) * (1 - keep)


def sky_of(analysis: PhotoAnalysis, style: Style, seed: int) -> Skyscape | None:
    """Prepare the sky, where the photo shows one and the style paints one."""
    if analysis.sky is None or style.sky.weight <= 0:
        return None
    return skyscape(analysis.half, analysis.sky, style.sky, seed)


def palettes_of(analysis: PhotoAnalysis, style: Style, share: float) -> PaletteSet:
    """Mix the style's colours for the photo's time of day."""
    palette = style.palette if style.palette.relight else at_hour(style.palette, analysis.daylight)
    return PaletteSet(style.steps, cube_of(palette, share), style.pigment.paper, style.line.colour)
