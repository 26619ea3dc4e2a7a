"""Opens untrusted files as photos: returns an upright sRGB photo at working size, or raises a refusal.

Files are decoded in the sandbox, which takes and returns bytes. A malicious file may control the decoder
and thus the answer. For this reason the answer has a fixed binary layout, which is checked: pixels of a
size within the limits, or one of a few codes.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import struct
from dataclasses import asdict
from functools import cache

import numpy as np

from pipeline.decode import FIRST_FRAME, PhotoLimits, configure_decoders, decode
from pipeline.engine import RGB, Photo
from pipeline.errors import PhotoRefused
from pipeline.file_types import kind_of
from pipeline.sandbox import InvalidAnswer, JobDied, ResourceLimits, Sandbox, SandboxUnusable

__all__ = ["NOTES", "REASONS", "Photo", "PhotoLimits", "PhotoRefused", "open_photo"]

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
"""The reasons of `decode`. An answer contains the index of one, counted from 1."""

REASONS = (
    "empty",
    "too-heavy",
    "web-page",
    "other-format",
    "not-a-photo",
    *REFUSALS,
    "unsafe-photo",
    "unsafe-picture",
)
"""Every reason of a `PhotoRefused` in this package, in the order in which they are checked."""

NOTES = (FIRST_FRAME,)
"""Every code that `Photo.notes` may contain."""

_HEAD = struct.Struct("!B?IIII")
"""Header of an answer: code of the refusal or 0, whether the file is an animation, height and width, and
height and width before scaling. The pixels follow."""


def open_photo(
    data: bytes, limits: PhotoLimits = PhotoLimits(), sandbox: Sandbox | None = None
) -> Photo:
    """Open an untrusted file as a photo; its format is detected from its content.

    Accepts JPEG, PNG, WebP, GIF, AVIF and HEIC. The pixels are H x W x 3 uint8 sRGB, upright, and at
    most `limits.long_side_px` long; smaller photos keep their size. Decodes in a child process of
    `sandbox`, by default one that all threads of this process share. Thread-safe. Raises
    `PhotoRefused` with one of `REASONS` for every problem of the file, and `SandboxUnusable` for
    problems of the machine.
    """
    if len(data) > limits.bytes_max:
        raise PhotoRefused("too-heavy", **limits.facts_of("too-heavy"))
    request = pack_request(data, kind_of(data), limits)
    resource_limits = ResourceLimits(
        limits.memory_bytes, limits.cpu_s, limits.wall_s, longest_answer(limits)
    )
    try:
        answer = (sandbox or _shared_decoders()).run(request, resource_limits)
        pixels, notes, original_px = unpack_result(answer, limits)
    except JobDied as died:
        if died.wall_clock_exceeded:
            raise SandboxUnusable(
                f"A photo was not decoded within {limits.wall_s:g} s; is this machine overloaded?"
            ) from died
        raise PhotoRefused("too-hard" if died.cpu_exceeded else "broken") from died
    except InvalidAnswer as invalid:
        raise PhotoRefused("broken") from invalid
    return Photo(pixels=pixels, digest=digest_of(pixels), notes=notes, original_px=original_px)


def decoders() -> Sandbox:
    """Return a new sandbox for `open_photo`; the caller closes it."""
    return Sandbox("pipeline.photo:decode_packed")


@cache
def _shared_decoders() -> Sandbox:
    sandbox = decoders()
    atexit.register(sandbox.close)
    return sandbox


def digest_of(pixels: RGB) -> str:
    """Return the hex SHA-256 of size and pixels (H x W x 3 uint8 RGB, C-contiguous)."""
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(pixels.data)
    return digest.hexdigest()


def pack_request(data: bytes, kind: str, limits: PhotoLimits) -> bytes:
    """Serialise a decoding request: one line of JSON, then the file."""
    return json.dumps({"kind": kind, "limits": asdict(limits)}).encode() + b"\n" + data


def decode_packed(request: bytearray) -> bytes:
    """Run a request of `pack_request` in the child process; return an answer for `unpack_result`."""
    configure_decoders()
    end = request.index(b"\n")
    header, data = json.loads(request[:end]), bytes(memoryview(request)[end + 1 :])
    try:
        pixels, notes, original_px = decode(data, header["kind"], PhotoLimits(**header["limits"]))
    except PhotoRefused as refused:
        return _HEAD.pack(1 + REFUSALS.index(refused.reason), False, 0, 0, 0, 0)
    height, width, _ = pixels.shape
    head = _HEAD.pack(0, FIRST_FRAME in notes, height, width, *original_px[::-1])
    return b"".join((head, pixels.data))


def longest_answer(limits: PhotoLimits) -> int:
    """Return the length in bytes of the longest valid answer."""
    return _HEAD.size + 3 * limits.long_side_px**2


def unpack_result(
    answer: bytearray, limits: PhotoLimits
) -> tuple[RGB, tuple[str, ...], tuple[int, int]]:
    """Return the pixels, the notes, and width and height before scaling, from an untrusted answer.

    Raises the decoder's `PhotoRefused`, and `InvalidAnswer` for bytes that `decode_packed` cannot have
    written.
    """
    if len(answer) < _HEAD.size:
        raise InvalidAnswer(f"{len(answer)} bytes are too short for an answer")
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
        raise InvalidAnswer(f"{original[1]} x {original[0]} pixels before scaling")
    if len(answer) != _HEAD.size + height * width * 3:
        raise InvalidAnswer(f"{len(answer)} bytes are not {width} x {height} pixels")
    # A view without a copy: nothing else uses the answer's buffer.
    pixels = np.frombuffer(answer, np.uint8, offset=_HEAD.size).reshape(height, width, 3)
    return pixels, (FIRST_FRAME,) if further_frames else (), (original[1], original[0])
