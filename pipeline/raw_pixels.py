"""Lossless serialisation of opened photos between the stages `fetch` and `render`.

Three bytes per pixel, uncompressed. PNG would halve these short-lived files, but takes 50 ms per
megapixel to write and 20 ms to read, which is much of the latency that an idle bot adds to painting.
"""

from __future__ import annotations

import numpy as np

from pipeline.engine import RGB

_MAGIC = b"RGB8"

_SIDE_BYTES = 4

_HEAD_BYTES = len(_MAGIC) + 2 * _SIDE_BYTES


def pack(pixels: RGB) -> bytes:
    """Write H x W x 3 uint8 RGB pixels."""
    height, width = (side.to_bytes(_SIDE_BYTES, "big") for side in pixels.shape[:2])
    return b"".join((_MAGIC, height, width, pixels.tobytes()))


def unpack(data: bytes) -> RGB:
    """Read what `pack` wrote: H x W x 3 uint8 RGB. Raises `ValueError` for anything else."""
    height, width = (
        int.from_bytes(data[at : at + _SIDE_BYTES], "big")
        for at in (len(_MAGIC), len(_MAGIC) + _SIDE_BYTES)
    )
    if not data.startswith(_MAGIC) or len(data) != _HEAD_BYTES + height * width * 3:
        raise ValueError("these bytes are no packed photo")
    pixels = np.frombuffer(data, np.uint8, offset=_HEAD_BYTES)
    return pixels.reshape(height, width, 3).copy()
