"""Makes the file that goes out, from pixels alone: nothing of the photo's file can be in it."""

from __future__ import annotations

from io import BytesIO

from PIL import Image

from pipeline.contract import RGB
from pipeline.provenance import Maker, xmp_of
from pipeline.seal import Seal

QUALITY = 92


def finish(pixels: RGB, maker: Maker, seal: Seal | None = None) -> bytes:
    """Return the painting as a JPEG (4:4:4, sRGB) whose only metadata says what made it.

    Signed, last of all, where there is a seal. Raises `SealUnusable`.
    """
    file = BytesIO()
    Image.fromarray(pixels).save(
        file, "JPEG", quality=QUALITY, subsampling="4:4:4", optimize=True, xmp=xmp_of(maker)
    )
    return seal.sign(file.getvalue(), maker) if seal else file.getvalue()
