"""No metadata of the photo's file is in the picture's file."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image

from pipeline.encode import finish
from pipeline.photo import open_photo
from pipeline.provenance import C2paSigner, DigitalSource, Maker
from tests.pipeline.certificates import credentials
from tests.pipeline.photographs import encoded, landscape, photograph_exif

pytestmark = pytest.mark.process

PLANTED = b"PLANTED"
LATITUDE = b"\x30\0\0\0\1\0\0\0\x33\0\0\0\1\0\0\0"
"""48 degrees and 51 minutes in EXIF's format."""


def thumbnail() -> bytes:
    return encoded(landscape(64, 48), "JPEG", comment=PLANTED)


def planted(kind: str) -> bytes:
    """Return a photo whose file contains place, time and camera in every kind of metadata."""
    exif = photograph_exif()
    exif[0x927C] = PLANTED + thumbnail()
    options: dict[str, object] = {"exif": exif, "xmp": b"<x>" + PLANTED + b"</x>"}
    if kind == "JPEG":
        options["comment"] = PLANTED
    data = encoded(landscape(), kind, icc_profile=PLANTED * 9, **options)
    return data + PLANTED + thumbnail()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_no_metadata_of_the_photo_is_in_the_picture(kind: str) -> None:
    data = planted(kind)
    assert PLANTED in data
    assert LATITUDE in data
    for signer in (None, C2paSigner(credentials()[0])):
        picture = finish(
            open_photo(data).pixels, Maker("painter", "1", DigitalSource.PAINTER), signer
        )
        assert PLANTED not in picture
        assert LATITUDE not in picture
        assert b"Exif" not in picture
        with Image.open(BytesIO(picture)) as file:
            assert set(file.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "xmp"}
