"""Jobs that answer in the place of a decoder what no decoder answers."""

from __future__ import annotations

import struct

_HEAD = struct.Struct("!B?II")


def no_answer(_: bytearray) -> bytes:
    return b""


def many_pixels(_: bytearray) -> bytes:
    return _HEAD.pack(0, False, 1 << 31, 1 << 31)


def few_pixels(_: bytearray) -> bytes:
    return _HEAD.pack(0, False, 100, 100) + b"rgb"


def unknown_refusal(_: bytearray) -> bytes:
    return _HEAD.pack(200, False, 0, 0)
