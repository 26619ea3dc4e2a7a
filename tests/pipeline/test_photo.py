"""Which files open as photos, with which pixels, and how other files are refused."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import PhotoRefused
from pipeline.photo import REASONS, PhotoLimits, open_photo
from pipeline.sandbox import SandboxUnusable
from tests.pipeline.photographs import encoded, landscape


def refusal(data: bytes, limits: PhotoLimits = PhotoLimits()) -> PhotoRefused:
    with pytest.raises(PhotoRefused) as caught:
        open_photo(data, limits)
    assert caught.value.reason in REASONS
    return caught.value


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIF"])
def test_every_format_is_decoded_to_the_right_pixels(kind: str) -> None:
    photo = open_photo(encoded(landscape(), kind))
    expected = np.asarray(landscape(), dtype=int)
    assert photo.pixels.shape == (480, 640, 3)
    assert photo.pixels.dtype == np.uint8
    assert photo.pixels.flags.c_contiguous
    assert np.abs(photo.pixels - expected).mean() < 4


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"])
def test_a_large_photo_is_reduced_to_the_working_size(kind: str) -> None:
    photo = open_photo(encoded(landscape(1500, 1000), kind), PhotoLimits(long_side_px=600))
    assert photo.pixels.shape == (400, 600, 3)


def test_a_small_photo_keeps_its_size() -> None:
    assert open_photo(encoded(landscape(90, 60), "PNG")).pixels.shape == (60, 90, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    as_stored = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    scene = landscape()
    stored = scene if as_stored is None else scene.transpose(as_stored)
    photo = open_photo(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(photo.pixels, np.asarray(scene))


def test_equal_photos_have_equal_digests_whatever_their_files() -> None:
    png = open_photo(encoded(landscape(), "PNG"))
    webp = open_photo(encoded(landscape(), "WEBP", lossless=True))
    other = open_photo(encoded(landscape(639), "PNG"))
    assert png.digest == webp.digest != other.digest


def test_a_file_over_the_size_limit_is_refused_before_decoding() -> None:
    refused = refusal(b"\xff" * 2_000_001, PhotoLimits(bytes_max=2_000_000))
    assert (refused.reason, refused.facts) == ("too-heavy", {"limit_mb": 2})


@pytest.mark.parametrize(
    ("size", "reason"),
    [((31, 200), "too-small"), ((400, 39), "too-narrow"), ((500, 450), "too-many-pixels"),
     ((601, 100), "too-large")],
)  # fmt: skip
def test_a_photo_of_the_wrong_size_is_refused(size: tuple[int, int], reason: str) -> None:
    limits = PhotoLimits(side_max_px=600, pixels_max=220_000)
    assert refusal(encoded(landscape(*size), "PNG"), limits).reason == reason


def test_a_file_that_exceeds_the_cpu_limit_is_refused() -> None:
    assert (
        refusal(encoded(landscape(1500, 1000), "PNG"), PhotoLimits(cpu_s=0.001)).reason
        == "too-hard"
    )


def test_an_exceeded_wall_time_is_an_error_of_the_machine_not_of_the_photo() -> None:
    with pytest.raises(SandboxUnusable, match="overloaded"):
        open_photo(encoded(landscape(1500, 1000), "PNG"), PhotoLimits(wall_s=0.001))
