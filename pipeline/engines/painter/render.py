"""One photo's way to a painting, step by step."""

from __future__ import annotations

from concurrent.futures import Executor

import numpy as np

from pipeline.engine import RGB, RenderJob
from pipeline.engines.painter.analysis.exposure import daylight_of, opened_shadows
from pipeline.engines.painter.analysis.fine_detail import filigree, lettering
from pipeline.engines.painter.analysis.photo_analysis import PhotoAnalysis
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
    resize,
)
from pipeline.engines.painter.canvas import off_canvas, on_canvas
from pipeline.engines.painter.filters.compositing import Layers, PaletteSet, glazed
from pipeline.engines.painter.filters.flat_areas import with_flat_areas
from pipeline.engines.painter.filters.line_art import lines
from pipeline.engines.painter.filters.palette_lut import at_hour, cube_of
from pipeline.engines.painter.filters.portrait import with_larger_eyes
from pipeline.engines.painter.filters.preview import studied
from pipeline.engines.painter.filters.sky import Skyscape, skyscape
from pipeline.engines.painter.filters.strokes import Brushes, BrushMask, brushed, mixed, settled
from pipeline.engines.painter.filters.texture import density_of, trembled
from pipeline.engines.painter.strength import emboldened, palette_share, presence
from pipeline.engines.painter.tiling import by_rows, resized, rows_of
from pipeline.styles import Style

OPENED = 0.4
"""How much broad shadows are lightened by day."""

SIDE_PX = 900
"""A picture of this geometric mean side has unit 1: brushes and lines are measured in it."""


class PainterPipeline:
    """The eyes and hands of one painter. One thread at a time."""

    def __init__(self, crew: Executor) -> None:
        self.crew = crew
        self.onlooker = SubjectDetector()

    def paint(self, commission: RenderJob) -> RGB:
        """Paint a photo at its own size."""
        style, seed = emboldened(commission.style, commission.strength), commission.seed
        view, brushes = self.begin(on_canvas(commission.pixels, commission.draft), style)
        # No task of the crew waits for another one, or a crew of one would wait for ever.
        heaven = self.crew.submit(sky_of, view, style, seed)
        care = brush_mask_for(view)
        flat = self.lay(view, brushes, care, style, seed)
        matter = self.crew.submit(density_of, flat, view, style.pigment, style.stroke, seed)
        ink = lines(flat, view, care.untouched, style.line, seed, self.crew)
        sky, density = heaven.result(), matter.result()
        pots = palettes_of(view, style, palette_share(commission.strength))
        glaze = studied(flat, density, ink, sky, view, style, pots, seed)
        picture = self.finish(view.pixels, flat, glaze, sky, pots, presence(commission.strength))
        with_larger_eyes(picture, view.subject.faces, style.light.eyes, view.unit)
        return off_canvas(picture, commission.pixels, commission.draft)

    def begin(self, pixels: RGB, style: Style) -> tuple[PhotoAnalysis, Brushes]:
        """Find out what a photo shows, and meanwhile paint its forms."""
        unit = float(np.sqrt(pixels.shape[0] * pixels.shape[1])) / SIDE_PX
        looking = self.crew.submit(self.look, pixels, unit)
        daylight = daylight_of(pixels)
        calm = opened_shadows(settled(pixels, unit), unit, OPENED * daylight, self.crew)
        half = part(calm, 0.5)
        flow = flow_of(luma(half), unit)
        brushes = brushed(calm, flow, style.stroke, unit, self.crew)
        subject, sky, air = looking.result()
        return PhotoAnalysis(pixels, calm, half, flow, subject, sky, air, daylight, unit), brushes

    def look(self, pixels: RGB, unit: float) -> tuple[Subject, SkyFound | None, Plane]:
        """Find out what the photo shows: people, a sky that can be painted, and all that may be sky."""
        subject = self.onlooker.look(pixels, unit)
        return subject, find_sky(pixels, subject), sky_without_contours(pixels, subject)

    def lay(
        self, view: PhotoAnalysis, brushes: Brushes, care: BrushMask, style: Style, seed: int
    ) -> Colours:
        """Lay down strokes and flatten them; faces too small for any brush stay as they are."""
        strokes = mixed(view.calm, brushes, care, style.stroke, view.unit, self.crew)
        features = resize(view.subject.features, care.untouched.shape)
        keep = np.minimum(np.maximum(features, np.float32(1.2) * care.untouched), 1)
        flat = with_flat_areas(strokes, keep, style.areas, self.crew)
        if style.stroke.wobble > 0:
            head = resize(view.subject.head, care.untouched.shape)
            steady = np.maximum(head, care.untouched)
            flat = trembled(flat, style.stroke.wobble, steady, view.unit, seed)
        return flat

    def finish(
        self,
        photo: RGB,
        flat: Colours,
        glaze: Layers,
        sky: Skyscape | None,
        pots: PaletteSet,
        share: float,
    ) -> RGB:
        """Lay the last layers over the strokes, and the painting over the photo by a share."""

        def strip(rows: slice) -> RGB:
            heaven = rows_of(sky, rows, flat.shape) if sky else None
            done = glazed(flat[rows], rows_of(glaze, rows, flat.shape), heaven, pots)
            return as_bytes(done if share == 1 else mix(as_colours(photo[rows]), done, share))

        return by_rows(self.crew, np.empty_like(photo), strip)


def brush_mask_for(view: PhotoAnalysis) -> BrushMask:
    """Ask for the fine brush on people, but not on their skin, which is laid in planes.

    Features, small faces, letters and filigree are hardly touched by any.
    """
    bright = luma(view.half)
    letters = lettering(bright, view.unit / 2)
    subject = resized(view.subject, bright.shape)
    features = np.maximum(np.float32(0.7) * subject.features, np.float32(0.9) * subject.small)
    # On skin, what is thin is a wrinkle or a lock: features are seen to already.
    skin = np.maximum(subject.head, subject.skin)
    thin = np.float32(0.85) * filigree(bright, view.unit / 2) * (1 - skin)
    people = np.float32(0.35) * subject.people - np.float32(0.65) * subject.bare
    return BrushMask(
        fine=np.maximum(people, subject.features),
        untouched=np.maximum(np.maximum(features, np.float32(0.9) * letters), thin),
    )


def sky_of(view: PhotoAnalysis, style: Style, seed: int) -> Skyscape | None:
    """Prepare the sky, where the photo shows one and the style paints one."""
    if view.sky is None or style.sky.weight <= 0:
        return None
    return skyscape(view.half, view.sky, style.sky, seed)


def palettes_of(view: PhotoAnalysis, style: Style, share: float) -> PaletteSet:
    """Mix the style's colours for the photo's time of day."""
    palette = style.palette if style.palette.relight else at_hour(style.palette, view.daylight)
    return PaletteSet(style.steps, cube_of(palette, share), style.pigment.paper, style.line.colour)
