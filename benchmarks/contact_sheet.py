"""A sheet of photos and their paintings: `python -m benchmarks.contact_sheet [OUT.png [PHOTO ...]]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.painter import opened, painted
from pipeline.engine import RGB
from pipeline.engines.painter import Painter
from pipeline.styles import load_styles

GAP_PX, HEAD_PX = 8, 28


def main() -> None:
    """Write a sheet with a row per photo: the photo, `cv2.stylization`, and every style."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("out", nargs="?", type=Path, default=Path("out/contact-sheet.png"))
    arguments.add_argument("photos", nargs="*", type=Path, help="default: the test photos")
    arguments.add_argument("--tile-px", type=int, default=400)
    options = arguments.parse_intermixed_args()
    painter, styles = Painter(), load_styles()
    rows = []
    for pixels in opened(options.photos).values():
        others = [painted(painter, pixels, style) for style in styles.values()]
        plain = np.asarray(cv2.stylization(pixels, sigma_s=60, sigma_r=0.45), np.uint8)
        rows.append([tile(picture, options.tile_px) for picture in (pixels, plain, *others)])
    options.out.parent.mkdir(parents=True, exist_ok=True)
    laid_out(["photo", "cv2.stylization", *styles], rows, options.tile_px).save(options.out)
    print(options.out)


def tile(picture: RGB, side_px: int) -> Image.Image:
    """Fit a picture into a square tile."""
    image = Image.fromarray(picture)
    image.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return image


def laid_out(heads: list[str], rows: list[list[Image.Image]], side_px: int) -> Image.Image:
    """Arrange tiles in columns with headings."""
    tops = [HEAD_PX]
    for row in rows:
        tops.append(tops[-1] + max(image.height for image in row) + GAP_PX)
    sheet = Image.new("RGB", (len(heads) * (side_px + GAP_PX), tops[-1]), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for column, head in enumerate(heads):
        left = column * (side_px + GAP_PX)
        draw.text((left + 4, 4), head, "black", font)
        for top, row in zip(tops, rows, strict=False):
            sheet.paste(row[column], (left, top))
    return sheet


if __name__ == "__main__":
    main()
