"""Reads what a picture's file says about its own making."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pipeline.file_types import kind_of
from pipeline.provenance import IPTC_SOURCES, OFFLINE

MIME_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "AVIF": "image/avif",
    "HEIC": "image/heic",
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """A C2PA manifest, as far as it could be read."""

    state: str
    """`trusted`, `valid` (signed by somebody unknown), `invalid` (changed since), or `unread`: the
    library for it is not installed."""
    generator: str = ""
    signer: str = ""
    digital_source: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """What a file says about itself; empty where it says nothing."""

    digital_source: str
    """IPTC's word for how the picture came to be, e.g. `algorithmicallyEnhanced`."""
    tool: str
    manifest: Manifest | None


def verify(data: bytes, trusted: bytes = b"") -> Declaration:
    """Read a picture's XMP and C2PA manifest; nothing is decoded, nothing fetched.

    `trusted` holds PEM certificates of those whose signatures count as `trusted`. Raises
    `PhotoRefused` when the file is no picture of a kind that the bot takes.
    """
    kind = kind_of(data)
    return Declaration(
        digital_source=_xmp(data, rb"DigitalSourceType").removeprefix(IPTC_SOURCES),
        tool=_xmp(data, rb"CreatorTool"),
        manifest=_manifest(data, MIME_TYPES[kind], trusted),
    )


def _xmp(data: bytes, name: bytes) -> str:
    # Not an XML parser: the file is a stranger's, and one attribute or element is all that is asked.
    found = re.search(name + rb"(?:\s*=\s*[\"']|>)([^\"'<>]{1,200})", data)
    return found[1].decode("utf-8", "replace").strip() if found else ""


def _manifest(data: bytes, mime_type: str, trusted: bytes) -> Manifest | None:
    if b"jumb" not in data:
        return None
    try:
        import c2pa
    except ImportError:
        return Manifest("unread")
    settings = {**OFFLINE, "trust": {"user_anchors": trusted.decode()}} if trusted else OFFLINE
    try:
        context = c2pa.Context.from_dict(settings)
        with c2pa.Reader(mime_type, BytesIO(data), context=context) as reader:
            return _read(json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError:
        return Manifest("invalid")


def _read(report: dict[str, Any]) -> Manifest:
    active = report["manifests"][report["active_manifest"]]
    generators = active.get("claim_generator_info") or [{}]
    actions = [
        action
        for assertion in active.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    sources = [action["digitalSourceType"] for action in actions if "digitalSourceType" in action]
    return Manifest(
        state=str(report.get("validation_state", "invalid")).lower(),
        generator=generators[0].get("name", ""),
        signer=active.get("signature_info", {}).get("issuer", ""),
        digital_source=sources[0].removeprefix(IPTC_SOURCES) if sources else "",
    )
