"""Reads the metadata of a picture's file that declares how the picture was made."""

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
class C2paManifest:
    """A C2PA manifest, as far as it could be read."""

    state: str
    """`trusted`, `valid` (the signer is unknown), `invalid` (the file was changed after signing), or
    `unread` (the C2PA library is not installed)."""
    generator: str = ""
    signer: str = ""
    digital_source: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """The declarations in a file; those that it does not contain are empty."""

    digital_source: str
    """IPTC's term for how the picture was made, e.g. `algorithmicallyEnhanced`."""
    tool: str
    manifest: C2paManifest | None


def verify(data: bytes, trusted: bytes = b"") -> Declaration:
    """Read a picture's XMP and C2PA manifest, without decoding its pixels or using the network.

    `trusted`: PEM certificates of trusted signers or issuers. Raises `PhotoRefused` if the file's
    format is not one that the bot accepts.
    """
    kind = kind_of(data)
    return Declaration(
        digital_source=_xmp(data, rb"DigitalSourceType").removeprefix(IPTC_SOURCES),
        tool=_xmp(data, rb"CreatorTool"),
        manifest=_manifest(data, MIME_TYPES[kind], trusted),
    )


def _xmp(data: bytes, name: bytes) -> str:
    # A regular expression: an XML parser is a risk with untrusted files, and one value is needed.
    found = re.search(name + rb"(?:\s*=\s*[\"']|>)([^\"'<>]{1,200})", data)
    return _printable(found[1].decode("utf-8", "replace")).strip() if found else ""


def _printable(value: object) -> str:
    """Return a text of a stranger's file as one line that cannot steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in str(value or ""))


def _manifest(data: bytes, mime_type: str, trusted: bytes) -> C2paManifest | None:
    if b"jumb" not in data:
        return None
    try:
        import c2pa
    except ImportError:
        return C2paManifest("unread")
    settings = {**OFFLINE, "trust": {"user_anchors": trusted.decode()}} if trusted else OFFLINE
    try:
        context = c2pa.Context.from_dict(settings)
        with c2pa.Reader(mime_type, BytesIO(data), context=context) as reader:
            return _read(json.loads(reader.json()))
    except c2pa.C2paError.ManifestNotFound:
        return None
    except c2pa.C2paError:
        return C2paManifest("invalid")


def _read(report: dict[str, Any]) -> C2paManifest:
    try:
        return _described(report)
    except (KeyError, IndexError, TypeError, AttributeError):
        return C2paManifest("invalid")  # of another form than the standard's


def _described(report: dict[str, Any]) -> C2paManifest:
    active = report["manifests"][report["active_manifest"]]
    generators = active.get("claim_generator_info") or [{}]
    actions = [
        action
        for assertion in active.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    sources = [action["digitalSourceType"] for action in actions if "digitalSourceType" in action]
    return C2paManifest(
        state=str(report.get("validation_state", "invalid")).lower(),
        generator=_printable(generators[0].get("name")),
        signer=_printable(active.get("signature_info", {}).get("issuer")),
        digital_source=_printable(sources[0].removeprefix(IPTC_SOURCES) if sources else ""),
    )
