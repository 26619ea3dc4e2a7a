"""Generates a landscape as a test photo, and encodes it in any format."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image
from pillow_heif import register_heif_opener


def landscape(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Return a picture with a bright sky at the top left, dark ground at the bottom right and a red sun."""
    y, x = np.mgrid[0 : 1 : complex(0, height), 0 : 1 : complex(0, width)]
    channels = (200 - 120 * y, 190 - 90 * y + 20 * np.sin(9 * x), 230 - 150 * y - 40 * x)
    pixels = np.stack(channels, axis=-1)
    pixels[(x - 0.2) ** 2 + (y - 0.2) ** 2 < 0.01] = (240, 40, 30)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).convert(mode)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """Return the file of an image; `kind` is Pillow's name of the format, `HEIF` for HEIC."""
    register_heif_opener()
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photograph_exif(orientation: int = 1) -> Image.Exif:
    """Return EXIF data like a phone's: camera, time, place and orientation."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "PLANTED-MAKER", "PLANTED-MODEL", orientation
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 51.0, 30.0), 0x1D: "2026:11:24"})
    exif.get_ifd(0x8769).update(
        {0x9003: "2026:11:24 08:45:00", 0x9286: b"ASCII\0\0\0PLANTED-COMMENT"}
    )
    return exif
