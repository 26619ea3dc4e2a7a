"""Packed pixels are unpacked unchanged, and other bytes are refused."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.raw_pixels import pack, unpack
from tests.photos import photo


def test_pixels_come_back_as_they_were() -> None:
    pixels = photo("coffee", 200)
    again = unpack(pack(pixels))
    assert np.array_equal(again, pixels)
    assert again.flags.writeable
    assert again.flags.c_contiguous


@pytest.mark.parametrize("broken", [slice(0, 0), slice(0, -1), slice(1, None)])
def test_truncated_or_other_bytes_are_refused(broken: slice) -> None:
    with pytest.raises(ValueError, match="no packed photo"):
        unpack(pack(photo("coffee", 64))[broken])
