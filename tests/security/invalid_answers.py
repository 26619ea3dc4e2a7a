"""Sandbox jobs that give answers which a decoder cannot give."""

from __future__ import annotations

import struct

_HEAD = struct.Struct("!B?IIII")


def no_answer(_: bytearray) -> bytes:
    return b""


def many_pixels(_: bytearray) -> bytes:
    return _HEAD.pack(0, False, *[1 << 31] * 4)


def few_pixels(_: bytearray) -> bytes:
    return _HEAD.pack(0, False, 100, 100, 100, 100) + b"rgb"


def unknown_refusal(_: bytearray) -> bytes:
    return _HEAD.pack(200, False, 0, 0, 0, 0)


def impossible_original(_: bytearray) -> bytes:
    return _HEAD.pack(0, False, 1, 1, 1, 1 << 31) + b"rgb"
