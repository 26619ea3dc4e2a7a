"""Makes a picture light enough for X, in the rare case that it is not (long sides beyond 3000 px)."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

BYTES_MAX = 5_000_000
"""X's limit for images."""
_QUALITIES = (85, 75, 65)


def lighten(picture: bytes, bytes_max: int = BYTES_MAX) -> bytes:
    """Return the image file itself where it fits, else a JPEG of it that does.

    The note on what made the picture (XMP) stays; a signature cannot outlive new pixels.
    """
    if len(picture) <= bytes_max:
        return picture
    with Image.open(BytesIO(picture)) as opened:
        xmp, image = opened.info.get("xmp"), opened.convert("RGB")
    while True:
        for quality in _QUALITIES:
            lighter = _jpeg(image, quality, xmp)
            if len(lighter) <= bytes_max:
                return lighter
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def _jpeg(image: Image.Image, quality: int, xmp: bytes | None) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, **({"xmp": xmp} if xmp else {}))
    return file.getvalue()
