"""Combines pictures into one: photo and painting side by side, or a contact sheet of all styles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.engine import RGB, Engine, RenderJob
from pipeline.errors import PaintingFailed
from pipeline.styles import Style, load_styles

_GAP_PX = 16


def side_by_side(before: RGB, after: RGB) -> RGB:
    """Join two pictures at the smaller height with a white gap between them; H x W x 3 uint8 RGB."""
    height = min(before.shape[0], after.shape[0])
    left, right = (_at_height(pixels, height) for pixels in (before, after))
    gap = np.full((height, _GAP_PX, 3), 255, np.uint8)
    return np.ascontiguousarray(np.hstack([left, gap, right]))


def _at_height(pixels: RGB, height: int) -> RGB:
    if pixels.shape[0] == height:
        return pixels
    width = max(1, round(pixels.shape[1] * height / pixels.shape[0]))
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA).astype(np.uint8)


MARGIN_PX, CAPTION_PX = 16, 36

BACKGROUND, TEXT_COLOUR = (250, 247, 240), (60, 50, 48)


def style_sheet(
    photo: RGB, engine: Engine, styles: Mapping[str, Style] | None = None, seed: int = 1
) -> RGB:
    """Paint `photo` (H x W x 3 uint8 RGB) in every style and return a sheet with captions.

    The first tile is the photo itself. Raises `PaintingFailed` if one painting fails.
    """
    tiles = [("photo", photo)]
    for name, style in (styles or load_styles()).items():
        (picture,) = engine.paint([RenderJob(photo, style, 0.6, seed)], lambda _: None)
        if isinstance(picture, PaintingFailed):
            raise picture
        tiles.append((name, picture))
    return laid_out(tiles, columns=columns_for(len(tiles), photo.shape[1] / photo.shape[0]))


def columns_for(tiles: int, aspect: float) -> int:
    """Choose the number of columns that brings the sheet closest to a square."""
    return max(1, min(tiles, round(math.sqrt(tiles / aspect))))


def laid_out(tiles: Sequence[tuple[str, RGB]], columns: int) -> RGB:
    """Arrange captioned pictures of equal size in rows; returns H x W x 3 uint8 RGB."""
    height, width = tiles[0][1].shape[:2]
    cell = (width + MARGIN_PX, height + CAPTION_PX + MARGIN_PX)
    rows = math.ceil(len(tiles) / columns)
    sheet = Image.new(
        "RGB", (columns * cell[0] + MARGIN_PX, rows * cell[1] + MARGIN_PX), BACKGROUND
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(20)
    for index, (caption, picture) in enumerate(tiles):
        left = MARGIN_PX + index % columns * cell[0]
        top = MARGIN_PX + index // columns * cell[1]
        sheet.paste(Image.fromarray(picture), (left, top))
        draw.text((left + 2, top + height + 6), caption, TEXT_COLOUR, font)
    return np.asarray(sheet)
