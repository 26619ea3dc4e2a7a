"""Decoding as a job of the sandbox: what goes in and comes out is bytes.

A file that takes its decoder over can answer whatever it likes. So the answer has a form that can say
nothing but pixels of a size within limits or one of a few codes, and needs no parser.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict

import numpy as np

from pipeline.decode import FIRST_FRAME, decode, settle_in
from pipeline.engine import RGB
from pipeline.errors import PhotoRefused
from pipeline.limits import PhotoLimits
from pipeline.sandbox import InvalidAnswer

REFUSALS = (
    "too-small",
    "too-large",
    "too-many-pixels",
    "too-narrow",
    "truncated",
    "broken",
    "transparent",
    "too-hard",
)
"""The reasons for which `decode` refuses a file, as an answer names them: by place, from 1."""

_HEAD = struct.Struct("!B?IIII")
"""Reason of a refusal or 0, whether there are further frames, height, width, and both before the photo
was reduced; then the pixels."""


def pack_request(data: bytes, kind: str, limits: PhotoLimits) -> bytes:
    """Pack a file to decode: a line of JSON, then the file."""
    return json.dumps({"kind": kind, "limits": asdict(limits)}).encode() + b"\n" + data


def run(request: bytearray) -> bytes:
    """Decode what `pack_request` packed, for `unpack_result` to unpack."""
    settle_in()
    end = request.index(b"\n")
    asked, data = json.loads(request[:end]), bytes(memoryview(request)[end + 1 :])
    try:
        pixels, notes, original_px = decode(data, asked["kind"], PhotoLimits(**asked["limits"]))
    except PhotoRefused as refused:
        return _HEAD.pack(1 + REFUSALS.index(refused.reason), False, 0, 0, 0, 0)
    height, width, _ = pixels.shape
    head = _HEAD.pack(0, FIRST_FRAME in notes, height, width, *original_px[::-1])
    return b"".join((head, pixels.data))


def longest_answer(limits: PhotoLimits) -> int:
    """Return the bytes of the longest answer that `unpack_result` takes."""
    return _HEAD.size + 3 * limits.long_side_px**2


def unpack_result(
    answer: bytearray, limits: PhotoLimits
) -> tuple[RGB, tuple[str, ...], tuple[int, int]]:
    """Unpack pixels, notes, and width and height before reducing.

    Raises the `PhotoRefused` that the decoder raised, and `InvalidAnswer` for whatever `run` cannot
    have written.
    """
    if len(answer) < _HEAD.size:
        raise InvalidAnswer(f"{len(answer)} bytes are no answer")
    code, further_frames, height, width, *original = _HEAD.unpack_from(answer)
    if code > len(REFUSALS):
        raise InvalidAnswer(f"no refusal has the code {code}")
    if code:
        reason = REFUSALS[code - 1]
        raise PhotoRefused(reason, **limits.facts_of(reason))
    if not (0 < height <= limits.long_side_px and 0 < width <= limits.long_side_px):
        raise InvalidAnswer(f"{width} x {height} pixels")
    if not (
        height <= original[0] <= limits.side_max_px and width <= original[1] <= limits.side_max_px
    ):
        raise InvalidAnswer(f"{original[1]} x {original[0]} pixels before reducing")
    if len(answer) != _HEAD.size + height * width * 3:
        raise InvalidAnswer(f"{len(answer)} bytes are not {width} x {height} pixels")
    # A view, not a copy: the answer is this photo's alone.
    pixels = np.frombuffer(answer, np.uint8, offset=_HEAD.size).reshape(height, width, 3)
    return pixels, (FIRST_FRAME,) if further_frames else (), (original[1], original[0])
