"""Real photos for tests.

Photos in the public domain or under CC0 are in `tests/pictures`. Two landscapes under CC BY 2.0 are read from
the package scikit-learn.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.engine import RGB

HERE = Path(__file__).parent / "pictures"

PHOTOS = {
    **{name: HERE / f"{name}.jpg" for name in ("astronaut", "hopper", "coffee", "cat", "rocket")},
    **{
        name: Path(str(files("sklearn.datasets.images") / f"{name}.jpg"))
        for name in ("china", "flower")
    },
}


def photo(name: str, long_side_px: int | None = None) -> RGB:
    """Return a test photo as H x W x 3 uint8 RGB, resized if `long_side_px` is set."""
    with Image.open(PHOTOS[name]) as file:
        picture = file.convert("RGB")
    if long_side_px is not None:
        scale = long_side_px / max(picture.size)
        width, height = (max(1, round(side * scale)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(picture)
