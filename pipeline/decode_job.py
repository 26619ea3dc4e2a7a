"""Decoding as a job of the sandbox: what goes in and comes out is bytes."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np

from pipeline.contract import RGB, PhotoRefused
from pipeline.decode import decode, settle_in
from pipeline.limits import Limits


def question(data: bytes, kind: str, limits: Limits) -> bytes:
    """Pack a file to decode: a line of JSON, then the file."""
    return json.dumps({"kind": kind, "limits": asdict(limits)}).encode() + b"\n" + data


def work(request: bytearray) -> bytes:
    """Decode what `question` packed, for `result` to unpack: a line of JSON, then the pixels."""
    settle_in()
    end = request.index(b"\n")
    asked, data = json.loads(request[:end]), bytes(memoryview(request)[end + 1 :])
    try:
        pixels, notes = decode(data, asked["kind"], Limits(**asked["limits"]))
    except PhotoRefused as refused:
        return json.dumps({"reason": refused.reason, "facts": dict(refused.facts)}).encode()
    head = json.dumps({"shape": pixels.shape, "notes": notes}).encode()
    return b"".join((head, b"\n", pixels.data))


def result(answer: bytearray) -> tuple[RGB, tuple[str, ...]]:
    """Unpack pixels and notes. Raises the `PhotoRefused` that the decoder raised."""
    end = answer.find(b"\n")
    said = json.loads(answer[:end] if end >= 0 else answer)
    if "reason" in said:
        raise PhotoRefused(said["reason"], **said["facts"])
    # A view, not a copy: the answer is this photo's alone.
    pixels = np.frombuffer(answer, np.uint8, offset=end + 1).reshape(said["shape"])
    return pixels, tuple(said["notes"])
