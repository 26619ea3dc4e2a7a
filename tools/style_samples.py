"""Paint the sample pictures of the styles for the web page: `python -m tools.style_samples`."""

from __future__ import annotations

from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.encode import PictureFormat, finish
from pipeline.engine import RenderJob
from pipeline.engines import load_engine
from pipeline.photo import open_photo
from pipeline.provenance import Maker
from pipeline.styles import load_styles

FOLDER = Path(__file__).parents[1] / "bots" / "web" / "static" / "styles"
CROP = (90, 20, 474, 308)
"""Crop of the sample photo (left, top, right, bottom): a face and some background, 4:3."""
SIZE = (192, 144)
"""Twice the size on the page, for high-resolution displays."""


def main() -> None:
    """Paint a sample of every style."""
    FOLDER.mkdir(exist_ok=True)
    with Image.open(files("bots").joinpath("samples/astronaut.jpg").open("rb")) as photo:
        cut = photo.convert("RGB").crop(CROP).resize((384, 288), Image.Resampling.LANCZOS)
    file = BytesIO()
    cut.save(file, "PNG")
    pixels = open_photo(file.getvalue()).pixels
    engine = load_engine("painter")
    for style in load_styles().values():
        (painting,) = engine.paint([RenderJob(pixels, style, 0.8, 1)], lambda _: None)
        if isinstance(painting, Exception):
            raise painting
        small = Image.fromarray(painting).resize(SIZE, Image.Resampling.LANCZOS)

        data = finish(
            np.asarray(small), Maker.of(engine), picture_format=PictureFormat.WEBP, quality=82
        )
        (FOLDER / f"{style.name}.webp").write_bytes(data)


if __name__ == "__main__":
    main()
