"""Reads the form that brings photos, and lets none grow too heavy while it comes in."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass

from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from pipeline.errors import PhotoRefused

_EVENT = re.compile(r"[\w-]{8,64}", re.ASCII)

_FIELDS_MAX = 12

_FIELD_BYTES_MAX = 4_096


class FormBroken(Exception):
    """The form is not what the page sends; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a visitor sent, still in their words."""

    photos: tuple[bytes, ...]
    event: str
    """The page's own id of the ask: a repeated one is the same ask."""
    style: str
    strength: float | None
    seed: int | None
    words: str
    """A caption."""


class _PhotoParser(MultiPartParser):
    """A form parser that gives up as soon as one part is too heavy."""

    def __init__(
        self, headers: Headers, stream: AsyncGenerator[bytes, None], photos_max: int, mb_max: int
    ) -> None:
        super().__init__(
            headers,
            stream,
            max_files=photos_max,
            max_fields=_FIELDS_MAX,
            max_part_size=_FIELD_BYTES_MAX,
        )
        self._mb_max = mb_max
        self._part_bytes = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._part_bytes = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._part_bytes += end - start
        if self._part_bytes > self._mb_max * 1_000_000:
            raise PhotoRefused("too-heavy", limit_mb=self._mb_max)
        super().on_part_data(data, start, end)


async def read_form(request: Request, photos_max: int, mb_max: int) -> Form:
    """Read the form of an ask. Raises `FormBroken`, and `PhotoRefused` for too heavy a photo."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise FormBroken("send a form of the type multipart/form-data")
    stream = request.stream()
    parser = _PhotoParser(request.headers, stream, photos_max, mb_max)
    try:
        fields = await parser.parse()
    except MultiPartException as error:
        await _hear_out(stream, photos_max * mb_max * 1_000_000)
        raise FormBroken(error.message) from error
    except ClientDisconnect as error:
        raise FormBroken("the form ended early") from error
    try:
        return await _form(fields)
    finally:
        await fields.close()


async def _hear_out(stream: AsyncGenerator[bytes, None], bytes_max: int) -> None:
    # A connection that ends with bytes unread is reset, and the visitor never sees the answer.
    heard = 0
    with suppress(ClientDisconnect):
        async for chunk in stream:
            heard += len(chunk)
            if heard > bytes_max:
                return


async def _form(fields: FormData) -> Form:
    uploads = [each for each in fields.getlist("photo") if isinstance(each, UploadFile)]
    if not uploads:
        raise FormBroken("send at least one file in the field 'photo'")
    event = _text(fields, "event")
    if not _EVENT.fullmatch(event):
        raise FormBroken("send 8 to 64 letters, digits or hyphens in the field 'event'")
    strength, seed = _number(fields, "strength"), _number(fields, "seed")
    return Form(
        photos=tuple([await upload.read() for upload in uploads]),
        event=event,
        style=_text(fields, "style"),
        strength=None if strength is None else min(1.0, max(0.0, strength)),
        seed=None if seed is None else int(seed) & 0x7FFF_FFFF,
        words=_text(fields, "words"),
    )


def _text(fields: FormData, name: str) -> str:
    value = fields.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _number(fields: FormData, name: str) -> float | None:
    if not (text := _text(fields, name)):
        return None
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not abs(number) < 2**53:
        raise FormBroken(f"send a number in the field '{name}'")
    return number
