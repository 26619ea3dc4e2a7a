"""Generates files that a public bot receives: photos of all formats, other files, hostile ones."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from pipeline.colour import display_p3
from tests.pipeline.photographs import encoded, landscape, photograph_exif

JPEG_OPTIONS: dict[str, dict[str, Any]] = {
    "progressive": {"progressive": True},
    "4:4:4": {"subsampling": 0},
    "worst quality": {"quality": 1},
    "with a comment": {"comment": b"hello"},
    "with restart markers": {"restart_marker_blocks": 3},
}
OTHER_STARTS = {
    "PDF": b"%PDF-1.7\n",
    "ZIP": b"PK\3\4",
    "MP4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "MOV": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "WebM": b"\x1aE\xdf\xa3\1\0\0\0",
    "MP3": b"ID3\4\0",
    "M4A": b"\0\0\0\x18ftypM4A \0\0\0\0",
    "WAV": b"RIFF\xff\0\0\0WAVEfmt ",
    "ELF": b"\x7fELF\2\1\1",
    "EXE": b"MZ\x90\0",
    "text": b"hello",
    "JSON": b'{"error": "not found"}',
    "noise": bytes(range(255, 100, -1)),
    "PNG with a typo": b"\x89PGN\r\n\x1a\n",
}


@dataclass(frozen=True)
class Case:
    """A file and its expected result: None for accepted, else the reason of its refusal."""

    name: str
    data: bytes
    reason: str | None = None


def honest_photos() -> Iterator[Case]:
    exif, icc = photograph_exif(orientation=6), display_p3()
    for kind in ("JPEG", "PNG", "WEBP", "AVIF", "HEIF"):
        yield Case(f"{kind} plain", encoded(landscape(), kind))
        yield Case(f"{kind} phone", encoded(landscape(), kind, exif=exif, icc_profile=icc))
    for mode in ("L", "CMYK"):
        yield Case(f"JPEG {mode}", encoded(landscape(mode=mode), "JPEG"))
    for mode in ("1", "L", "LA", "P", "RGBA", "I;16"):
        yield Case(f"PNG {mode}", encoded(_in_mode(mode), "PNG"))
    for mode in ("L", "RGBA"):
        yield Case(f"AVIF {mode}", encoded(landscape(mode=mode), "AVIF"))
        yield Case(f"HEIF {mode}", encoded(landscape(mode=mode), "HEIF"))
    for name, options in JPEG_OPTIONS.items():
        yield Case(f"JPEG {name}", encoded(landscape(), "JPEG", **options))
    yield Case("WEBP lossless", encoded(landscape(), "WEBP", lossless=True))
    yield Case("WEBP alpha", encoded(_in_mode("RGBA"), "WEBP"))
    yield Case("GIF", encoded(landscape(), "GIF"))
    yield Case("the smallest", encoded(landscape(32, 32), "PNG"))
    yield Case("the narrowest", encoded(landscape(400, 40), "PNG"))


def odd_but_honest_photos() -> Iterator[Case]:
    frames = [landscape(), landscape(mode="L").convert("RGB")]
    for kind in ("GIF", "PNG", "WEBP", "AVIF"):
        yield Case(f"{kind} animated", _film(frames, kind))
    jpeg = encoded(landscape(), "JPEG")
    yield Case("JPEG with other bytes after its end", jpeg + b"\0rubbish" * 500)
    yield Case("JPEG with a second JPEG after it", jpeg + jpeg)
    yield Case("MPO", _film(frames, "MPO"))
    yield Case(
        "JPEG with damaged EXIF",
        encoded(landscape(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    )
    yield Case("JPEG with damaged ICC", encoded(landscape(), "JPEG", icc_profile=b"no profile"))
    for mode in ("CMYK", "L"):
        data = encoded(landscape(mode=mode), "JPEG", icc_profile=display_p3())
        yield Case(f"{mode} with a profile for RGB", data)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    yield Case("RGB with a profile for Lab", encoded(landscape(), "PNG", icc_profile=lab))
    yield Case(
        "PNG with transparent colour", encoded(landscape(), "PNG", transparency=(200, 190, 230))
    )
    yield Case("PNG palette with transparency", encoded(_in_mode("P"), "PNG", transparency=3))
    yield Case("PNG interlaced 16 bit RGB", _png(64, 64, bits=16, colour=2, rows=_rows(64, 64 * 6)))
    yield Case("GIF with a damaged second frame", _film(frames, "GIF")[:-9000])
    for orientation in (0, 9, 65535):
        exif = photograph_exif(orientation)
        yield Case(f"JPEG orientation {orientation}", encoded(landscape(), "JPEG", exif=exif))


def other_files() -> Iterator[Case]:
    yield Case("nothing", b"", "empty")
    yield Case("zeros", bytes(5000), "empty")
    yield Case("HTML", b"<!DOCTYPE html><html><body>404</body></html>", "web-page")
    yield Case("HTML after blanks", b"\xef\xbb\xbf\n\n  <HTML><head>", "web-page")
    yield Case("XHTML", b'<?xml version="1.0"?><html xmlns="x">', "web-page")
    yield Case("SVG", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "other-format")
    yield Case("SVG after XML", b'<?xml version="1.0"?>\n<svg/>', "other-format")
    yield Case("CR3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom" + bytes(300), "other-format")
    for kind in ("TIFF", "BMP", "ICO", "JPEG2000", "PPM", "QOI"):
        yield Case(kind, encoded(landscape(256, 256), kind), "other-format")
    for name, start in OTHER_STARTS.items():
        yield Case(name, start + b"x" * 300, "not-a-photo")


def wrong_sizes() -> Iterator[Case]:
    yield Case("too small", encoded(landscape(31, 31), "PNG"), "too-small")
    yield Case("one pixel", encoded(landscape(2, 2).crop((0, 0, 1, 1)), "GIF"), "too-small")
    yield Case("too narrow", encoded(landscape(401, 40), "JPEG"), "too-narrow")
    yield Case("too long", _png(16_385, 2000, rows=b""), "too-large")
    yield Case("too many pixels", _png(8000, 8000, rows=b""), "too-many-pixels")
    yield Case("no pixels", _png(0, 0, rows=b""), "broken")
    yield Case("too heavy", encoded(landscape(), "JPEG") + bytes(20_000_000), "too-heavy")


def broken_files() -> Iterator[Case]:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "AVIF", "HEIF"):
        whole = encoded(landscape(), kind)
        yield Case(f"{kind} half", whole[: len(whole) // 2], "truncated")
    for kind in ("WEBP", "AVIF", "HEIF"):
        whole = encoded(landscape(), kind)
        yield Case(f"{kind} without its last bytes", whole[:-20], "truncated")
    yield Case("JPEG of three bytes", b"\xff\xd8\xff", "truncated")
    yield Case("PNG signature alone", b"\x89PNG\r\n\x1a\n", "truncated")
    whole = encoded(landscape(), "PNG")
    yield Case("PNG with a damaged header", whole[:20] + b"\xff" + whole[21:], "broken")
    yield Case("PNG with damaged pixels", whole[:41] + b"\xff" * 9 + whole[50:], "broken")
    yield Case("WEBP of random bytes", b"RIFF\x20\0\0\0WEBPVP8 " + b"\xff" * 24, "broken")
    yield Case(
        "HEIC of random bytes",
        b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0\0\0\x10meta" + b"\xff" * 8,
        "broken",
    )
    yield Case(
        "transparent", encoded(Image.new("RGBA", (64, 64), (9, 9, 9, 0)), "PNG"), "transparent"
    )
    yield Case("transparent L", encoded(Image.new("LA", (64, 64), (9, 0)), "PNG"), "transparent")


def bombs() -> Iterator[Case]:
    yield Case("GIF of many frames", _film([landscape(40 + n, 40) for n in range(100)], "GIF"))
    text = _chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(100_000_000)))
    png = encoded(landscape(), "PNG")
    yield Case("PNG with a text that swells", png[:33] + text + png[33:], "broken")
    profile = _chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(100_000_000)))
    yield Case("PNG with a profile that swells", png[:33] + profile + png[33:], "broken")
    black = encoded(Image.new("L", (7000, 7000)), "PNG")
    yield Case("PNG of 49 black megapixels", black)
    yield Case(
        "WEBP of 49 black megapixels",
        encoded(Image.new("RGB", (7000, 7000)), "WEBP", method=0),
        "too-hard",
    )


def _in_mode(mode: str) -> Image.Image:
    if mode == "I;16":
        return Image.fromarray(np.asarray(landscape(mode="L"), dtype=np.uint16) * 257)
    image = landscape(mode=mode)
    if "A" in mode:
        image.putalpha(landscape(mode="L"))
    return image


def _film(frames: list[Image.Image], kind: str) -> bytes:
    file = BytesIO()
    frames[0].save(file, kind, save_all=True, append_images=frames[1:])
    return file.getvalue()


def _png(width: int, height: int, *, rows: bytes, bits: int = 8, colour: int = 2) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def _rows(height: int, row_bytes: int) -> bytes:
    return b"".join(b"\0" + bytes(row_bytes) for _ in range(height))


def _chunk(name: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(name + content))
    return struct.pack(">I", len(content)) + name + content + check


GROUPS: tuple[Callable[[], Iterator[Case]], ...] = (
    honest_photos,
    odd_but_honest_photos,
    other_files,
    wrong_sizes,
    broken_files,
    bombs,
)
