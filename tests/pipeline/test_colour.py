"""Photos of every mode and colour profile are converted to sRGB."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipeline.colour import display_p3
from pipeline.engine import RGB
from pipeline.photo import open_photo
from tests.pipeline.photographs import encoded, landscape

ORANGE = (200, 100, 50)
ORANGE_OF_P3 = (215, 93, 31)
"""The colour (200, 100, 50) of Display P3 in sRGB."""


def plain(colour: tuple[int, ...], mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (64, 64), colour)


def colour_of(pixels: RGB) -> tuple[int, ...]:
    assert pixels.reshape(-1, 3).std(axis=0).max() < 2
    return tuple(int(channel) for channel in np.median(pixels.reshape(-1, 3), axis=0))


def near(colour: tuple[int, ...], tolerance: int = 3) -> Callable[[RGB], bool]:
    return lambda pixels: all(
        abs(a - b) <= tolerance for a, b in zip(colour_of(pixels), colour, strict=True)
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_display_p3_colours_are_converted_to_srgb(kind: str) -> None:
    data = encoded(plain(ORANGE), kind, icc_profile=display_p3(), quality=95)
    assert near(ORANGE_OF_P3)(open_photo(data).pixels)


def test_display_p3_without_an_embedded_profile_is_recognised() -> None:
    named = {"color_primaries": 12, "transfer_characteristics": 13, "matrix_coefficients": 6}
    data = encoded(plain(ORANGE), "HEIF", quality=95, full_range_flag=1, **named)
    assert near(ORANGE_OF_P3)(open_photo(data).pixels)


def test_srgb_is_not_changed() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert near(ORANGE, 1)(open_photo(encoded(plain(ORANGE), "PNG", icc_profile=srgb)).pixels)
    assert near(ORANGE, 0)(open_photo(encoded(plain(ORANGE), "PNG")).pixels)


def test_cmyk_is_converted_to_rgb() -> None:
    assert near((0, 128, 255), 4)(
        open_photo(encoded(plain((255, 127, 0, 0), "CMYK"), "JPEG")).pixels
    )


def test_sixteen_bits_become_eight() -> None:
    grey = Image.fromarray(np.full((64, 64), 40_000, np.uint16))
    assert near((156, 156, 156), 0)(open_photo(encoded(grey, "PNG")).pixels)


def test_palette_indices_are_converted_before_scaling() -> None:
    dithered = landscape(2048, 1024, "P")
    blended = dithered.convert("RGB").resize((1024, 512), Image.Resampling.LANCZOS)
    pixels = open_photo(encoded(dithered, "PNG")).pixels
    assert np.abs(pixels - np.asarray(blended, dtype=int)).mean() < 1


@pytest.mark.parametrize(
    ("alpha", "seen"), [(255, (200, 100, 50)), (0, (255, 255, 255)), (128, (227, 177, 152))]
)
def test_transparent_pixels_become_white(alpha: int, seen: tuple[int, int, int]) -> None:
    photo = plain((*ORANGE, alpha), "RGBA")
    photo.paste((0, 0, 0, 255), (0, 0, 8, 64))  # something must be there to be seen
    assert near(seen, 1)(open_photo(encoded(photo, "PNG")).pixels[:, 16:])


def test_colours_of_transparent_pixels_do_not_affect_visible_ones() -> None:
    photo = Image.new("RGBA", (4000, 64), (255, 0, 255, 0))
    for column in range(0, 4000, 2):
        photo.paste((255, 255, 255, 255), (column, 0, column + 1, 64))
    pixels = open_photo(encoded(photo.resize((4000, 640), 0), "PNG")).pixels
    assert pixels.min() > 250
