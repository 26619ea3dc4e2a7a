"""Identifies a file's format by its bytes, never by its name or MIME type, without decoding it.

Also detects truncated files, and Display P3 colours in the boxes of HEIC and AVIF files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from pipeline.errors import PhotoRefused

ISO_BRANDS = {
    b"avif": "AVIF", b"avis": "AVIF",
    b"heic": "HEIC", b"heix": "HEIC", b"heim": "HEIC", b"heis": "HEIC",
    b"hevc": "HEIC", b"hevx": "HEIC", b"mif1": "HEIC", b"msf1": "HEIC",
}  # fmt: skip

OTHER_PICTURES = {
    "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "RAW": (b"IIRO", b"IIU\0", b"FUJIFILM", b"\0\0\0\x18ftypcrx "),
    "BMP": (b"BM",),
    "PSD": (b"8BPS",),
    "ICO": (b"\0\0\1\0",),
    "JPEG XL": (b"\xff\x0a", b"\0\0\0\x0cJXL "),
    "JPEG 2000": (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  "),
    "OpenEXR": (b"\x76\x2f\x31\x01",),
    "QOI": (b"qoif",),
    "PNM": (b"P1\n", b"P2\n", b"P3\n", b"P4\n", b"P5\n", b"P6\n"),
}

OTHER_FILES = {
    "PDF": (b"%PDF",),
    "PostScript": (b"%!PS",),
    "ZIP": (b"PK\3\4", b"PK\5\6"),
    "RAR": (b"Rar!",),
    "7z": (b"7z\xbc\xaf",),
    "gzip": (b"\x1f\x8b",),
    "video": (b"\x1aE\xdf\xa3", b"FLV\1", b"\0\0\1\xba", b"\0\0\1\xb3"),
    "audio": (b"ID3", b"OggS", b"fLaC", b"\xff\xfb"),
    "program": (b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe", b"#!"),
    "document": (b"\xd0\xcf\x11\xe0", b"{\\rtf"),
}

RIFF_KINDS = {b"AVI ": "video", b"WAVE": "audio"}

MARKUP = ((b"<svg", "SVG"), (b"<!doctype html", "HTML"), (b"<html", "HTML"), (b"<?xml", "XML"))


def kind_of(data: bytes) -> str:
    """Return the allowed format of a file: JPEG, PNG, WEBP, GIF, AVIF or HEIC.

    Raises `PhotoRefused`: `empty`, `web-page`, `other-format` (a picture of a format that is not
    accepted) or `not-a-photo`. The last two have the fact `kind`: a proper name (PDF, TIFF, ZIP, ...)
    or a code to be translated (audio, document, program, text, unknown, video).
    """
    if not data.strip(b"\0"):
        raise PhotoRefused("empty")
    kind = _allowed(data)
    if kind is None:
        raise _refusal(data)
    return kind


def _allowed(data: bytes) -> str | None:
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    return _iso_kind(data) if data[4:8] == b"ftyp" else None


def _iso_kind(data: bytes) -> str | None:
    # If the major brand is the container's (`mif1`), the compatible brands identify the format.
    box = data[8 : min(int.from_bytes(data[:4], "big"), 256)]
    brands = [box[:4], *(box[at : at + 4] for at in range(8, len(box), 4))]
    kinds = [ISO_BRANDS[brand] for brand in brands if brand in ISO_BRANDS]
    return "AVIF" if "AVIF" in kinds else next(iter(kinds), None)


def _refusal(data: bytes) -> PhotoRefused:
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for start, kind in MARKUP:
        if head.startswith(start):
            return _markup_refusal(kind, head)
    for kind, starts in OTHER_PICTURES.items():
        if data.startswith(starts):
            return PhotoRefused("other-format", kind=kind)
    for kind, starts in OTHER_FILES.items():
        if data.startswith(starts):
            return PhotoRefused("not-a-photo", kind=kind)
    return PhotoRefused("not-a-photo", kind=_vague_kind(data))


def _markup_refusal(kind: str, head: bytes) -> PhotoRefused:
    if kind == "XML" and b"<svg" in head:
        kind = "SVG"
    if kind == "HTML" or b"<html" in head:
        return PhotoRefused("web-page")
    return PhotoRefused("other-format" if kind == "SVG" else "not-a-photo", kind=kind)


def _vague_kind(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        return "audio" if data[8:11] == b"M4A" else "video"
    if data.startswith(b"RIFF"):
        return RIFF_KINDS.get(data[8:12], "unknown")
    try:
        data[:512].decode("utf-8")
    except UnicodeDecodeError:
        return "unknown"
    return "text" if b"\0" not in data[:512] else "unknown"


P3_PRIMARIES = 12
"""Code of Display P3 in ITU-T H.273."""

HDR_TRANSFERS = (16, 18)
"""Codes of PQ and HLG in ITU-T H.273."""


def is_cut_short(data: bytes, kind: str) -> bool:
    """Return whether a file that could not be decoded is shorter than its own header fields say."""
    if kind == "WEBP":
        return len(data) < 12 or int.from_bytes(data[4:8], "little") + 8 > len(data)
    if kind in ("AVIF", "HEIC"):
        return any(end > len(data) for _, end in _boxes(data))
    last_mark = {"JPEG": b"\xff\xd9", "PNG": b"IEND"}.get(kind, b"")
    return last_mark not in data


def names_display_p3(data: bytes) -> bool:
    """Return whether an AVIF or HEIC file refers to Display P3 by code, without an embedded profile."""
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
