"""Reads the outer boxes of files: whether one is whole, and what colours it names. Decodes nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator

P3_PRIMARIES = 12
"""Of Display P3 in ITU-T H.273."""

HDR_TRANSFERS = (16, 18)
"""PQ and HLG in ITU-T H.273."""


def is_cut_short(data: bytes, kind: str) -> bool:
    """Return whether a file that its decoder refused ends before its own lengths say."""
    if kind == "WEBP":
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind in ("AVIF", "HEIC"):
        return any(end > len(data) for _, end in _boxes(data))
    last_mark = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}.get(kind, b"")
    return last_mark not in data


def names_display_p3(data: bytes) -> bool:
    """Return whether an AVIF or HEIC file names Display P3 for its colours instead of embedding it."""
    at = data.find(b"colrnclx")
    if at < 0 or len(data) < at + 12:
        return False
    primaries, transfer = struct.unpack_from(">HH", data, at + 8)
    return primaries == P3_PRIMARIES and transfer not in HDR_TRANSFERS


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    at = 0
    while at + 8 <= len(data):
        size, name = struct.unpack_from(">I4s", data, at)
        if size == 1 and at + 16 <= len(data):
            (size,) = struct.unpack_from(">Q", data, at + 8)
        end = at + size if size else len(data)
        yield name, end
        if end <= at:
            return
        at = end
