"""Brings pixels of any mode and profile to 8-bit sRGB on white paper."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

from pipeline.errors import PhotoRefused

PAPER = (255, 255, 255)
"""What shows through where a picture with an alpha channel is transparent."""


def eight_bit(image: Image.Image) -> Image.Image:
    """Return the image in a mode of 8-bit samples that resizes smoothly: no palette, no bitmap."""
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        samples = np.asarray(image, dtype=np.float32)
        return Image.fromarray(np.clip(samples / 257 + 0.5, 0, 255).astype(np.uint8))
    if image.mode in ("P", "PA") or "transparency" in image.info:
        return image.convert("RGBA")
    return image.convert("L") if image.mode == "1" else image


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Return an 8-bit image as RGB in sRGB, without alpha; `profile` is its file's ICC profile.

    Raises `PhotoRefused("transparent")` when nothing of it can be seen.
    """
    alpha = _alpha(image)
    if "A" in image.getbands():
        image = image.convert("L" if image.mode == "LA" else "RGB")
    colours = _through_profile(image, profile) if profile else image.convert("RGB")
    if alpha is None:
        return colours
    paper = Image.new("RGB", image.size, PAPER)
    paper.paste(colours, mask=alpha)
    return paper


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
        # A damaged profile, or one for other channels: viewers take such files for sRGB too.
        seen = None
    return seen or image.convert("RGB")
