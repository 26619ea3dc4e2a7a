"""Turns the bytes of an allowed format into pixels; the only place that runs decoders on them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import (
    Image,
    ImageFile,
    ImageOps,  # noqa: F401 - Pillow imports these two when it meets EXIF, and a confined process
    TiffImagePlugin,  # noqa: F401 - cannot open files, not even those of modules
)
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile
from pillow_heif import HeifImageFile

from pipeline.colour import eight_bit, to_srgb
from pipeline.contract import RGB, PhotoRefused
from pipeline.limits import Limits

# The classes themselves, not Image.open(): it would try other decoders, and takes a JPEG with a
# second picture in it (MPO) for another format.
OPENERS: dict[str, Callable[[BytesIO], ImageFile.ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "GIF": GifImageFile,
    "AVIF": AvifImageFile,
    "HEIC": HeifImageFile,
}
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
ORIENTATION = 0x0112


def decode(data: bytes, kind: str, limits: Limits) -> tuple[RGB, tuple[str, ...]]:
    """Decode a file of an allowed format to sRGB pixels of working size, and codes of notes.

    Raises `PhotoRefused`, whatever the decoder raised.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return _decode(data, kind, limits)
    except PhotoRefused:
        raise
    except MemoryError:
        raise PhotoRefused("too-hard") from None
    except Exception as error:
        # Decoders of broken files raise nearly anything: SyntaxError, ValueError, struct.error...
        raise PhotoRefused("truncated" if _cut_short(error) else "broken") from error


def _decode(data: bytes, kind: str, limits: Limits) -> tuple[RGB, tuple[str, ...]]:
    image = OPENERS[kind](BytesIO(data))
    _check_size(*image.size, limits)
    notes = ("first-frame",) if _is_animation(image, kind) else ()
    orientation = _orientation(image)
    small = to_srgb(_reduced(image, limits.long_side_px), image.info.get("icc_profile"))
    if orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[orientation])
    return np.ascontiguousarray(small), notes


def _check_size(width: int, height: int, limits: Limits) -> None:
    short, long = sorted((width, height))
    if short < limits.side_min_px:
        raise PhotoRefused("too-small", limit_px=limits.side_min_px)
    if long > limits.side_max_px:
        raise PhotoRefused("too-large", limit_px=limits.side_max_px)
    if width * height > limits.pixels_max:
        raise PhotoRefused("too-many-pixels", limit_megapixels=limits.pixels_max // 1_000_000)
    if long > short * limits.aspect_max:
        raise PhotoRefused("too-narrow", limit_aspect=f"{limits.aspect_max:g}")


def _is_animation(image: ImageFile.ImageFile, kind: str) -> bool:
    # A HEIC file holds further pictures (depth, bursts), never an animation.
    return kind not in ("JPEG", "HEIC") and bool(getattr(image, "is_animated", False))


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # a damaged EXIF block says nothing about the pixels
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _reduced(image: ImageFile.ImageFile, long_side_px: int) -> Image.Image:
    scale = min(1.0, long_side_px / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if isinstance(image, JpegImageFile):
        # libjpeg scales while it decodes; never below the size that is wanted.
        image.draft(None, size)
    image.load()
    return eight_bit(image).resize(size, Image.Resampling.LANCZOS)


def _cut_short(error: Exception) -> bool:
    return isinstance(error, EOFError) or "truncated" in str(error).lower()
