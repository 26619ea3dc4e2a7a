from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.engines.diffusion.canvas import RATIOS, bucket_of, buckets, cut, shape_of, stretch
from pipeline.engines.diffusion.output_check import flaw_of
from tests.pipeline.engines.diffusion.conftest import photo

SIDES = (512, 640, 768, 1024)
sizes = st.integers(1, 1500)


@pytest.mark.parametrize(
    ("width", "height", "bucket"),
    [
        (1024, 1024, "1x1"),
        (1024, 683, "3x2"),
        (683, 1024, "2x3"),
        (1024, 768, "4x3"),
        (576, 1024, "9x16"),
        (473, 1024, "9x20"),
        (1024, 102, "3x1"),
        (1, 1, "1x1"),
    ],
)
def test_common_photos_fall_into_their_ratio(width: int, height: int, bucket: str) -> None:
    assert bucket_of(width, height) == bucket


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("bucket", buckets())
def test_a_shape_has_the_area_and_ratio_that_were_asked_for(bucket: str, side: int) -> None:
    shape = shape_of(bucket, side)
    width, height = (int(part) for part in bucket.split("x"))

    assert shape.width_px % 16 == shape.height_px % 16 == 0
    assert shape.width_px * shape.height_px == pytest.approx(side * side, rel=0.04)
    assert shape.width_px / shape.height_px == pytest.approx(width / height, rel=0.06)


@pytest.mark.parametrize("side", SIDES)
def test_lying_and_standing_photos_share_compiled_kernels(side: int) -> None:
    def tokens(bucket: str) -> int:
        shape = shape_of(bucket, side)
        return shape.width_px * shape.height_px // 256

    assert len({tokens(bucket) for bucket in buckets()}) <= len(RATIOS)


@given(sizes, sizes)
def test_every_photo_has_a_bucket_and_turning_the_photo_turns_it(width: int, height: int) -> None:
    bucket = bucket_of(width, height)

    assert bucket in buckets()
    assert bucket_of(height, width) == "x".join(reversed(bucket.split("x"))) or width == height


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_way_to_the_canvas_and_back_keeps_size_and_place(width: int, height: int) -> None:
    shape = shape_of(bucket_of(width, height), 128)
    canvas = stretch(photo(0, width, height), shape)

    back = cut(canvas.pixels, canvas)

    assert canvas.pixels.shape == (shape.height_px, shape.width_px, 3)
    assert back.shape == (height, width, 3)
    assert back.flags.c_contiguous


def test_a_photo_is_not_bent_on_its_canvas() -> None:
    ball = np.zeros((100, 170, 3), np.uint8)
    y, x = np.mgrid[:100, :170]
    ball[(x - 120) ** 2 + (y - 30) ** 2 < 400] = 255
    canvas = stretch(ball, shape_of("16x9", 256))

    rows, columns = np.nonzero(canvas.pixels[: canvas.inner.height_px, :, 0] > 127)

    assert np.ptp(rows) == pytest.approx(np.ptp(columns), abs=2)
    np.testing.assert_allclose(cut(canvas.pixels, canvas).mean(), ball.mean(), atol=1.5)


@pytest.mark.parametrize(
    ("picture", "seen", "finite", "flaw"),
    [
        (0, 120, True, "black-picture"),
        (120, 120, False, "not-finite"),
        (120, 120, True, None),
        (3, 5, True, None),
        (255, 120, True, None),
    ],
)
def test_black_is_a_flaw_only_where_the_photo_was_bright(
    picture: int, seen: int, finite: bool, flaw: str | None
) -> None:
    plain = np.full((8, 8, 3), picture, np.uint8)

    assert flaw_of(plain, np.full((8, 8, 3), seen, np.uint8), finite) == flaw


def test_ratios_lie_so_close_that_little_of_a_canvas_is_left_over() -> None:
    ratios = [math.log(long / short) for long, short in RATIOS]
    gaps = [b - a for a, b in pairwise(ratios)]

    assert max(math.exp(gap / 2) for gap in gaps) < 1.17
