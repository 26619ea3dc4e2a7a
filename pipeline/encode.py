"""Encodes a painting as a file, from its pixels only: no metadata of the photo's file can be in it."""

from __future__ import annotations

from enum import StrEnum
from io import BytesIO

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipeline.engine import RGB
from pipeline.errors import UserFacingError
from pipeline.provenance import C2paSigner, Maker, xmp_of

QUALITY = 92


class PictureFormat(StrEnum):
    """An output format; the value is its MIME type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"

    @classmethod
    def of_ending(cls, ending: str) -> PictureFormat | None:
        """Return the format of a file name's ending (`.jpg`, in any case), None for any other."""
        return _ENDINGS.get(ending.lower())

    @classmethod
    def endings(cls) -> list[str]:
        """Return every ending that `of_ending` knows."""
        return list(_ENDINGS)

    @property
    def ending(self) -> str:
        """The usual ending of a file of this format."""
        return next(ending for ending, each in _ENDINGS.items() if each is self)


_ENDINGS = {
    ".jpg": PictureFormat.JPEG,
    ".jpeg": PictureFormat.JPEG,
    ".png": PictureFormat.PNG,
    ".webp": PictureFormat.WEBP,
}

_SIDE_MAX_PX = {PictureFormat.JPEG: 65_500, PictureFormat.WEBP: 16_383}
"""The longest side that libjpeg and libwebp can write."""


class PictureTooLarge(UserFacingError):
    """The format cannot contain a picture of this size; the message names one that can."""


def finish(
    pixels: RGB,
    maker: Maker,
    signer: C2paSigner | None = None,
    *,
    picture_format: PictureFormat = PictureFormat.JPEG,
    quality: int = QUALITY,
) -> bytes:
    """Encode pixels (H x W x 3 uint8, sRGB); the file's only metadata names the tool that made it.

    A JPEG has full colour resolution (4:4:4). `quality`, 1 to 100, applies to JPEG and WebP; PNG is
    lossless. With `signer` the finished file is signed. Raises `SignerUnusable`, `PictureTooLarge`.
    """
    if max(pixels.shape[:2]) > _SIDE_MAX_PX.get(picture_format, max(pixels.shape[:2])):
        raise PictureTooLarge(
            f"A {picture_format.name} file holds at most {_SIDE_MAX_PX[picture_format]} pixels "
            "a side. Choose PNG, or a smaller size."
        )
    file, image, xmp = BytesIO(), Image.fromarray(pixels), xmp_of(maker)
    match picture_format:
        case PictureFormat.JPEG:
            image.save(file, "JPEG", quality=quality, subsampling="4:4:4", optimize=True, xmp=xmp)
        case PictureFormat.WEBP:
            image.save(file, "WEBP", quality=quality, xmp=xmp)
        case PictureFormat.PNG:
            info = PngInfo()
            info.add_itxt("XML:com.adobe.xmp", xmp.decode())
            image.save(file, "PNG", pnginfo=info)
    if signer is None:
        return file.getvalue()
    return signer.sign(file.getvalue(), maker, mime_type=picture_format)
