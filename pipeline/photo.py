"""Opens what a stranger sent: an upright sRGB photo of working size, or a named refusal."""

from __future__ import annotations

import atexit
import hashlib
from functools import cache

from pipeline.decode import FIRST_FRAME
from pipeline.decode_job import longest_answer, pack_request, unpack_result
from pipeline.engine import RGB, Photo
from pipeline.errors import PhotoRefused
from pipeline.file_types import kind_of
from pipeline.limits import PhotoLimits
from pipeline.sandbox import InvalidAnswer, JobDied, ResourceLimits, Sandbox, SandboxUnusable

__all__ = ["NOTES", "REASONS", "Photo", "PhotoLimits", "PhotoRefused", "open_photo"]

REASONS = (
    "empty",
    "too-heavy",
    "web-page",
    "other-format",
    "not-a-photo",
    "too-small",
    "too-large",
    "too-many-pixels",
    "too-narrow",
    "truncated",
    "broken",
    "transparent",
    "too-hard",
    "unsafe-photo",
    "unsafe-picture",
)
"""Every reason of a `PhotoRefused` in this package, in the order in which they are looked for."""

NOTES = (FIRST_FRAME,)
"""Every code that `Photo.notes` may hold."""


def open_photo(
    data: bytes, limits: PhotoLimits = PhotoLimits(), sandbox: Sandbox | None = None
) -> Photo:
    """Open a file of unknown origin as a photo; its content decides what it is.

    Takes JPEG, PNG, WebP, GIF, AVIF and HEIC. The pixels are sRGB, upright, and at most
    `limits.long_side_px` long; smaller photos keep their size. Decoding happens in a child process
    with limits: of `sandbox`, or of one that this process shares; from any thread. Raises
    `PhotoRefused` with one of `REASONS` and nothing else that is the file's fault;
    `SandboxUnusable` when the machine is at fault.
    """
    if len(data) > limits.bytes_max:
        raise PhotoRefused("too-heavy", **limits.facts_of("too-heavy"))
    request = pack_request(data, kind_of(data), limits)
    allowance = ResourceLimits(
        limits.memory_bytes, limits.cpu_s, limits.wall_s, longest_answer(limits)
    )
    try:
        answer = (sandbox or _shared_decoders()).run(request, allowance)
        pixels, notes, original_px = unpack_result(answer, limits)
    except JobDied as died:
        if died.wall_clock_exceeded:
            raise SandboxUnusable(
                f"A photo was not open after {limits.wall_s:g} s; is this machine overloaded?"
            ) from died
        raise PhotoRefused("too-hard" if died.cpu_exceeded else "broken") from died
    except InvalidAnswer as invalid:
        raise PhotoRefused("broken") from invalid
    return Photo(pixels=pixels, digest=digest_of(pixels), notes=notes, original_px=original_px)


def decoders() -> Sandbox:
    """Return a sandbox for `open_photo` that the caller closes."""
    return Sandbox("pipeline.decode_job:run")


@cache
def _shared_decoders() -> Sandbox:
    sandbox = decoders()
    atexit.register(sandbox.close)
    return sandbox


def digest_of(pixels: RGB) -> str:
    """Return the hex SHA-256 of a photo's size and pixels."""
    height, width = pixels.shape[:2]
    digest = hashlib.sha256(f"{width}x{height}:".encode())
    digest.update(pixels.data)
    return digest.hexdigest()
