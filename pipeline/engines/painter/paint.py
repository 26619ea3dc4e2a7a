"""One photo's way to a painting, step by step."""

from __future__ import annotations

from concurrent.futures import Executor

import cv2
import numpy as np

from pipeline.contract import RGB, Commission
from pipeline.engines.painter.boldness import emboldened, palette_share, presence
from pipeline.engines.painter.complexion import kept_complexion
from pipeline.engines.painter.daylight import daylight_of, opened_shadows
from pipeline.engines.painter.drawing import with_lines
from pipeline.engines.painter.flow import flow_of
from pipeline.engines.painter.hand import bristles, trembled
from pipeline.engines.painter.light import lit
from pipeline.engines.painter.palette import at_hour, cube_of, recolour
from pipeline.engines.painter.paper import framed, on_paper
from pipeline.engines.painter.pigment import washed
from pipeline.engines.painter.planes import Colours, luma, mix
from pipeline.engines.painter.portrait import touched_up
from pipeline.engines.painter.sky import SkyFound, find_sky
from pipeline.engines.painter.skyscape import with_sky
from pipeline.engines.painter.steps import with_steps
from pipeline.engines.painter.strokes import brushed, settled
from pipeline.engines.painter.subject import Onlooker, Subject
from pipeline.engines.painter.view import View
from pipeline.styles import Style

SIDE_PX = 900
"""A picture of this geometric mean side has unit 1: brushes and lines are measured in it."""


class Studio:
    """The eyes and hands of one painter. One thread at a time."""

    def __init__(self, crew: Executor) -> None:
        self.crew = crew
        self.onlooker = Onlooker()

    def paint(self, commission: Commission) -> RGB:
        """Paint a photo at its own size."""
        style, seed = emboldened(commission.style, commission.strength), commission.seed
        view = self.view(commission.pixels)
        flat, fine = self.brush(view, style, seed)
        flat = with_steps(flat, style.steps, view.subject.features, view.unit)
        if view.sky and style.sky.weight > 0:
            flat = with_sky(flat, view.sky.cover(view.calm), view.sky, style.sky, seed)
        painted = self.colour(flat, view, style, commission)
        painted = with_lines(painted, luma(fine), view, style.line, seed)
        painted = touched_up(painted, view.subject.faces, style.light, view.unit)
        painted = framed(painted, style.pigment, seed)
        return as_bytes(mix(view.photo, painted, presence(commission.strength)))

    def view(self, pixels: RGB) -> View:
        """Look at a photo: people and sky beside, forms and light here."""
        unit = float(np.sqrt(pixels.shape[0] * pixels.shape[1])) / SIDE_PX
        looking = self.crew.submit(self.look, pixels, unit)
        photo = as_colours(pixels)
        daylight = daylight_of(photo)
        calm = settled(opened_shadows(photo, unit, 0.25 * daylight), unit)
        flow = flow_of(luma(calm), unit)
        subject, sky = looking.result()
        return View(photo, calm, flow, subject, sky, daylight, unit)

    def look(self, pixels: RGB, unit: float) -> tuple[Subject, SkyFound | None]:
        """Find out what the photo shows."""
        subject = self.onlooker.look(pixels, unit)
        return subject, find_sky(pixels, subject)

    def brush(self, view: View, style: Style, seed: int) -> tuple[Colours, Colours]:
        """Lay down strokes, finer where people are; faces too small for any brush stay as they are."""
        subject = view.subject
        care = np.maximum(np.float32(0.35) * subject.people, subject.features)
        flat, fine = brushed(view.calm, view.flow, care, style.stroke, view.unit, self.crew)
        untouched = np.maximum(np.float32(0.7) * subject.features, np.float32(0.9) * subject.small)
        flat, fine = mix(flat, view.calm, untouched), mix(fine, view.calm, untouched)
        if style.stroke.wobble > 0:
            flat = trembled(flat, style.stroke.wobble, subject.head, view.unit, seed)
        return flat, fine

    def colour(self, flat: Colours, view: View, style: Style, commission: Commission) -> Colours:
        """Give the strokes the style's palette, pigment, light and paper, and skin its own colour back."""
        palette = style.palette if style.palette.relight else at_hour(style.palette, view.daylight)
        cube = cube_of(palette, palette_share(commission.strength))
        out = as_colours(recolour(as_bytes(flat), cube))
        head, seed = view.subject.head, commission.seed
        if style.stroke.length > 0:
            marks = bristles(view.flow, view.unit, seed) * (1 - np.float32(0.8) * head)
            out = out * (1 + np.float32(0.06 * style.stroke.length) * marks)[..., None]
        out = washed(out, style.pigment, head, view.unit, seed)
        out = lit(out, style.light, view.daylight, view.unit)
        out = on_paper(out, style.pigment, head, view.unit, seed)
        if palette.relight:
            return out
        return kept_complexion(out, view.photo, view.subject, palette.skin)


def as_colours(pixels: RGB) -> Colours:
    """Bytes -> 0..1."""
    return pixels.astype(np.float32) * np.float32(1 / 255)


def as_bytes(colours: Colours) -> RGB:
    """0..1 -> bytes, rounded."""
    return np.asarray(cv2.convertScaleAbs(np.clip(colours, 0, 1), alpha=255), np.uint8)
