"""Pixels as bytes and back, without loss, for the way between opening and painting."""

from __future__ import annotations

import cv2
import numpy as np

from pipeline.contract import RGB

_FASTEST = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def pack(pixels: RGB) -> bytes:
    """Write H x W x 3 uint8 RGB pixels as PNG, fast rather than small."""
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), _FASTEST)[1].tobytes()


def unpack(data: bytes) -> RGB:
    """Read what `pack` wrote: H x W x 3 uint8 RGB."""
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    if pixels is None:
        raise ValueError("not a packed photo")
    return np.ascontiguousarray(pixels, dtype=np.uint8)
