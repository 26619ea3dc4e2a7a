"""Converts decoded pixels of any mode and colour profile to 8-bit sRGB on a white background."""

from __future__ import annotations

import struct
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from pipeline.errors import PhotoRefused

BACKGROUND = (255, 255, 255)
"""Colour behind transparent pixels, RGB."""


def eight_bit(image: Image.Image) -> Image.Image:
    """Convert an image to 8-bit samples in a mode that can be interpolated (no palette, no bitmap)."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        samples = np.asarray(image, dtype=np.float32)
        return Image.fromarray(np.clip(samples / 257 + 0.5, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert an 8-bit image to RGB in sRGB, composited onto white where it is transparent.

    `profile` is the ICC profile embedded in the file. Raises `PhotoRefused("transparent")` if every
    pixel is fully transparent.
    """
    alpha = _alpha(image)
    if "A" in image.getbands():
        image = image.convert("L" if image.mode == "LA" else "RGB")
    colours = _through_profile(image, profile) if profile else image.convert("RGB")
    if alpha is None:
        return colours
    background = Image.new("RGB", image.size, BACKGROUND)
    background.paste(colours, mask=alpha)
    return background


def _alpha(image: Image.Image) -> Image.Image | None:
    if "A" not in image.getbands():
        return None
    alpha = image.getchannel("A")
    most_transparent, most_opaque = alpha.getextrema()
    if most_opaque == 0:
        raise PhotoRefused("transparent")
    return None if most_transparent == 255 else alpha


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        target = ImageCms.createProfile("sRGB")
        seen = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        # The profile is damaged or describes other channels. Viewers assume sRGB for such files too.
        seen = None
    return seen or image.convert("RGB")


# Display P3 (SMPTE EG 432-1 primaries, D65 white) adapted to the D50 of ICC by Bradford's matrix.
COLORANTS = {
    b"rXYZ": (0.515102, 0.241182, -0.001050),
    b"gXYZ": (0.291965, 0.692236, 0.041882),
    b"bXYZ": (0.157153, 0.066582, 0.784378),
}

D50 = (0.964203, 1.0, 0.824905)

SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
"""Parameters of the transfer function of sRGB and Display P3: parametric curve type 3 (ICC.1, 10.18)."""


@cache
def display_p3() -> bytes:
    """Return an ICC v4 display profile of Display P3."""
    curve = struct.pack(">4s4xHxx5i", b"para", 3, *map(_fixed, SRGB_CURVE))
    tags = {name: _xyz(colour) for name, colour in COLORANTS.items()}
    tags[b"wtpt"] = _xyz(D50)
    tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    table, body = b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, 132 + 12 * len(tags) + len(body), len(content))
        body += content
    payload = struct.pack(">I", len(tags)) + table + body
    return _header(128 + len(payload)) + payload


def _header(size: int) -> bytes:
    # Size, version 4.2, class, colour space, connection space, date, signature, D50 (ICC.1, 7.2).
    return struct.pack(
        ">I4x4s4s4s4s12x4s28x3i48x",
        size, b"\x04\x20\0\0", b"mntr", b"RGB ", b"XYZ ", b"acsp", *map(_fixed, D50),
    )  # fmt: skip


def _xyz(colour: tuple[float, float, float]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *map(_fixed, colour))


def _fixed(number: float) -> int:
    return round(number * 65536)
