"""Decodes files of the allowed formats into pixels, within limits. No other module runs a decoder."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from typing import TypeAlias

import numpy as np
import pillow_heif.options
from PIL import (
    AvifImagePlugin,
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

from pipeline.colour import display_p3, eight_bit, to_srgb
from pipeline.engine import RGB
from pipeline.errors import PhotoRefused
from pipeline.file_types import is_cut_short, names_display_p3


@dataclass(frozen=True, slots=True)
class PhotoLimits:
    """The size limits of a photo and the resource limits of the process that decodes it."""

    bytes_max: int = 20_000_000
    pixels_max: int = 50_000_000
    side_min_px: int = 32
    side_max_px: int = 16_384
    aspect_max: float = 10.0
    long_side_px: int = 1024
    """Working size: longer photos are scaled down to it."""
    memory_bytes: int = 460_000_000
    """Memory of the decoding process beyond that of an idle one."""
    cpu_s: float = 2.5
    wall_s: float = 60.0
    """Much longer than `cpu_s`, which stops expensive files: a busy machine may delay a valid photo."""

    def facts_of(self, reason: str) -> dict[str, str | int]:
        """Return the values that the message for this refusal reason contains, by placeholder name."""
        facts: dict[str, dict[str, str | int]] = {
            "too-heavy": {"limit_mb": self.bytes_max // 1_000_000},
            "too-small": {"limit_px": self.side_min_px},
            "too-large": {"limit_px": self.side_max_px},
            "too-many-pixels": {"limit_megapixels": self.pixels_max // 1_000_000},
            "too-narrow": {"limit_aspect": f"{self.aspect_max:g}"},
        }
        return facts.get(reason, {})


# These classes are called directly: Image.open() would try other decoders, and it reads a JPEG that
# contains a second picture as another format (MPO).
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

SIDEWAYS = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""

ORIENTATION = 0x0112

FIRST_FRAME = "first-frame"
"""The note on a photo that is the first frame of an animation."""

STRIP_ROWS = 64
"""Rows of the reduced picture that are computed at a time."""

Decoded: TypeAlias = tuple[RGB, tuple[str, ...], tuple[int, int]]


def decode(data: bytes, kind: str, limits: PhotoLimits) -> Decoded:
    """Decode a file of an allowed format; `kind` is its format as `kind_of` returns it.

    Returns the pixels at working size (H x W x 3 uint8, sRGB), codes of notes, and width and height of
    the upright photo before it was scaled. Raises only `PhotoRefused`, whatever the decoder raises.
    """
    try:
        with warnings.catch_warnings(action="ignore"):
            return _decode(data, kind, limits)
    except PhotoRefused:
        raise
    except Exception as error:
        # For broken files decoders raise many types: SyntaxError, ValueError, struct.error, ...
        raise PhotoRefused(_reason(error, data, kind)) from error


def configure_decoders() -> None:
    """Configure the libraries: no decoder threads (their stacks use memory) and no pixel limit but ours."""
    Image.MAX_IMAGE_PIXELS = None
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1


def _reason(error: Exception, data: bytes, kind: str) -> str:
    said = str(error).lower()
    if isinstance(error, MemoryError) or "memory" in said:
        return "too-hard"
    return "truncated" if "truncated" in said or is_cut_short(data, kind) else "broken"


def _decode(data: bytes, kind: str, limits: PhotoLimits) -> Decoded:
    image = OPENERS[kind](BytesIO(data))
    _check_size(*image.size, limits)
    original_px = image.size
    reduced = _reduced(image, limits.long_side_px)
    small = to_srgb(reduced, _profile(image, data, kind))
    # Read after the pixels: Pillow decodes a PNG to find its EXIF, and `_orientation` hides errors.
    orientation = _orientation(image)
    if orientation in UPRIGHT:
        small = small.transpose(UPRIGHT[orientation])
    if orientation in SIDEWAYS:
        original_px = original_px[::-1]
    notes = (FIRST_FRAME,) if _is_animation(image, kind) else ()
    return np.ascontiguousarray(small), notes, original_px


def _check_size(width: int, height: int, limits: PhotoLimits) -> None:
    short, long = sorted((width, height))
    too = (
        "too-small" if short < limits.side_min_px
        else "too-large" if long > limits.side_max_px
        else "too-many-pixels" if width * height > limits.pixels_max
        else "too-narrow" if long > short * limits.aspect_max
        else None
    )  # fmt: skip
    if too:
        raise PhotoRefused(too, **limits.facts_of(too))


def _orientation(image: Image.Image) -> int:
    with suppress(Exception):  # the pixels can be fine although the EXIF block is damaged
        return int(image.getexif().get(ORIENTATION, 1))
    return 1


def _profile(image: Image.Image, data: bytes, kind: str) -> bytes | None:
    embedded: bytes | None = image.info.get("icc_profile")
    if not embedded and kind in ("AVIF", "HEIC") and names_display_p3(data):
        return display_p3()
    return embedded


def _is_animation(image: ImageFile.ImageFile, kind: str) -> bool:
    # Further pictures in a HEIC file are depth maps or bursts, not an animation. Reading the second
    # frame may fail; the first frame is already decoded, so that this error does not matter.
    with suppress(Exception):
        return kind not in ("JPEG", "HEIC") and bool(getattr(image, "is_animated", False))
    return True


def _reduced(image: ImageFile.ImageFile, long_side_px: int) -> Image.Image:
    scale = min(1.0, long_side_px / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    if isinstance(image, JpegImageFile):
        # libjpeg scales while it decodes, to the target size or larger.
        image.draft(None, size)
    image.load()
    # Average down to 1.5 times the target size, which is cheap, then use the better Lanczos filter.
    factor = max(image.size) * 2 // (long_side_px * 3)
    coarse = _averaged(image, factor) if factor > 1 else eight_bit(image)
    return coarse.resize(size, Image.Resampling.LANCZOS)


def _averaged(image: Image.Image, factor: int) -> Image.Image:
    # In strips: converting a large picture at once would double its memory.
    rows = [
        eight_bit(image.crop((0, top, image.width, min(top + factor * STRIP_ROWS, image.height))))
        .reduce(factor)
        for top in range(0, image.height, factor * STRIP_ROWS)
    ]  # fmt: skip
    whole = Image.new(rows[0].mode, (rows[0].width, sum(row.height for row in rows)))
    for number, row in enumerate(rows):
        whole.paste(row, (0, number * STRIP_ROWS))
    return whole
