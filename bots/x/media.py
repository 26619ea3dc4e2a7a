"""Uploads a finished picture to X in chunks, with an alt text.

A picture that is too large for X (only if a side is longer than about 3000 px) is compressed more.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Literal

import structlog
from PIL import Image

from bots.x.client import XClient, data_field
from bots.x.errors import XError, XRefused, XUnknownOutcome

BYTES_MAX = 5_000_000
"""X's limit for images."""

_QUALITIES = (85, 75, 65)


def lighten(picture: bytes, bytes_max: int = BYTES_MAX) -> bytes:
    """Return the image file itself if it fits, else a smaller JPEG of it.

    The XMP provenance mark is kept; a C2PA signature is lost, because the pixels change.
    """
    if len(picture) <= bytes_max:
        return picture
    with Image.open(BytesIO(picture)) as opened:
        xmp, image = opened.info.get("xmp"), opened.convert("RGB")
    while True:
        for quality in _QUALITIES:
            lighter = _jpeg(image, quality, xmp)
            if len(lighter) <= bytes_max:
                return lighter
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))


def _jpeg(image: Image.Image, quality: int, xmp: bytes | None) -> bytes:
    file = BytesIO()
    image.save(file, "JPEG", quality=quality, optimize=True, **({"xmp": xmp} if xmp else {}))
    return file.getvalue()


ALT_TEXT_MAX = 1000

_STATUS_TRIES = 20

_STATUS_WAIT_MAX_S = 5.0

_log = structlog.get_logger()

_TYPES = ((b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"))


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture that X keeps for a day, to be attached to a post or message."""

    id: str
    key: str
    described: bool = True
    """X took the description."""


def upload(
    x: XClient,
    picture: bytes,
    category: Literal["tweet_image", "dm_image"],
    alt_text: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Uploaded:
    """Upload one image file and describe it. Raises `XError` where it is not uploaded."""
    route = "/2/media/upload"
    picture = lighten(picture)
    begun = x.send(
        "POST",
        f"{route}/initialize",
        json={
            "media_category": category,
            "media_type": _media_type(picture),
            "total_bytes": len(picture),
        },
    )
    id_ = data_field(begun, "id")
    x.send(
        "POST",
        f"{route}/{id_}/append",
        # Images are at most 5 MB, so that one segment holds the whole file.
        data={"segment_index": "0"},
        files={"media": ("picture", picture, "application/octet-stream")},
    )
    done = x.send("POST", f"{route}/{id_}/finalize")
    _wait_until_ready(x, id_, _processing(done), sleep)
    return Uploaded(id_, _key(done) or _key(begun) or id_, _describe(x, id_, alt_text))


def _describe(x: XClient, id_: str, alt_text: str) -> bool:
    """Set the alt text of an upload; return whether X accepted it. The picture is posted either way."""
    words = {"alt_text": {"text": alt_text[:ALT_TEXT_MAX]}}
    try:
        with x.budget.writing("alt_text"):
            x.send("POST", "/2/media/metadata", json={"id": id_, "metadata": words})
    except XError as error:
        _log.warning("alt_text_refused", media=id_, detail=error.detail, action="post without it")
        return False
    return True


def _key(answer: Mapping[str, Any]) -> str:
    data = answer.get("data")
    return str(data.get("media_key") or "") if isinstance(data, Mapping) else ""


def _wait_until_ready(
    x: XClient, id_: str, processing: Mapping[str, Any], sleep: Callable[[float], None]
) -> None:
    for _ in range(_STATUS_TRIES):
        state = processing.get("state", "succeeded")
        if state == "succeeded":
            return
        if state == "failed":
            raise XRefused("X could not read the picture")
        after_s = processing.get("check_after_secs")
        wait_s = float(after_s) if isinstance(after_s, int | float) and after_s > 0 else 1.0
        sleep(min(wait_s, _STATUS_WAIT_MAX_S))
        status = {"command": "STATUS", "media_id": id_}
        processing = _processing(x.send("GET", "/2/media/upload", params=status))
    raise XUnknownOutcome("the upload is processed for too long")


def _processing(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    data = answer.get("data")
    found = data.get("processing_info") if isinstance(data, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _media_type(picture: bytes) -> str:
    found = (name for magic, name in _TYPES if picture.startswith(magic))
    return next(found, "image/jpeg")
