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


def work(request: bytes) -> bytes:
    """Decode what `question` packed, for `result` to unpack: a line of JSON, then the pixels."""
    settle_in()
    head, _, data = request.partition(b"\n")
    asked = json.loads(head)
    try:
        pixels, notes = decode(data, asked["kind"], Limits(**asked["limits"]))
    except PhotoRefused as refused:
        return json.dumps({"reason": refused.reason, "facts": dict(refused.facts)}).encode()
    head = json.dumps({"shape": pixels.shape, "notes": notes}).encode()
    return head + b"\n" + pixels.tobytes()


def result(answer: bytes) -> tuple[RGB, tuple[str, ...]]:
    """Unpack pixels and notes. Raises the `PhotoRefused` that the decoder raised."""
    head, _, rest = answer.partition(b"\n")
    said = json.loads(head)
    if "reason" in said:
        raise PhotoRefused(said["reason"], **said["facts"])
    pixels = np.frombuffer(bytearray(rest), dtype=np.uint8).reshape(said["shape"])
    return pixels, tuple(said["notes"])
