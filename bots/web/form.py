"""Parses the upload form: streams photos to disk and stops as soon as the form is too large."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from python_multipart.multipart import parse_options_header
from starlette.datastructures import FormData, Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from pipeline.errors import PhotoRefused

EVENT = re.compile(r"[\w-]{8,64}", re.ASCII)
"""The page's own id of a request."""
_FIELDS_MAX = 12
_FIELD_BYTES_MAX = 4_096
_PART_HEADER_BYTES_MAX = 4_096
_BOUNDARY = re.compile(r"[\w'()+,./:=? -]{1,200}", re.ASCII)
_OVERHEAD_BYTES = 128_000
"""Maximum size of a form without its photos."""


class FormBroken(Exception):
    """The form is invalid; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of an upload form, not interpreted yet."""

    photos: tuple[UploadFile, ...]
    """Temporary files, deleted when the form is closed."""
    event: str
    """The page's id of the request; the same id is the same request."""
    style: str
    strength: float | None
    seed: int | None
    words: str
    """A caption."""
    after: str
    """The id of the job whose painting is to be changed: its own words go on. Empty for a new request."""


class _PhotoParser(MultiPartParser):
    """A form parser that stops as soon as one part is too large."""

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
        self._header_bytes = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._part_bytes = self._header_bytes = 0

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        super().on_header_field(data, start, end)

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        super().on_header_value(data, start, end)

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self._part_bytes += end - start
        if self._part_bytes > self._mb_max * 1_000_000:
            raise PhotoRefused("too-heavy", limit_mb=self._mb_max)
        super().on_part_data(data, start, end)

    def _count_header(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > _PART_HEADER_BYTES_MAX:
            raise MultiPartException("The headers of a part are too long.")


def check_length(request: Request, photos_max: int, mb_max: int) -> None:
    """Refuse a form by its Content-Length and type, before its body is read.

    Raises `PhotoRefused`, `FormBroken`.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise FormBroken("send a form of the type multipart/form-data")
    # The server has already rejected a value that is not a number.
    length = int(request.headers.get("content-length", "0"))
    if length > photos_max * mb_max * 1_000_000 + _OVERHEAD_BYTES:
        raise PhotoRefused("too-heavy", limit_mb=mb_max)


@asynccontextmanager
async def read_form(request: Request, photos_max: int, mb_max: int) -> AsyncIterator[Form]:
    """Yield the parsed form of a request; its files exist within the block.

    Raises `FormBroken`, and `PhotoRefused` if it is too large.
    """
    bytes_max = photos_max * mb_max * 1_000_000 + _OVERHEAD_BYTES
    stream = _bounded(request.stream(), bytes_max, mb_max)
    try:
        headers = _with_boundary_alone(request.headers)
        fields = await _PhotoParser(headers, stream, photos_max, mb_max).parse()
    except MultiPartException as error:
        raise FormBroken(error.message) from error
    except ClientDisconnect as error:
        raise FormBroken("the form ended early") from error
    try:
        yield _form(fields)
    finally:
        await fields.close()


def _with_boundary_alone(headers: Headers) -> Headers:
    """Return the type of the form with its boundary and no other parameter. Raises `FormBroken`.

    Browsers send UTF-8. Some of Python's other codecs raise errors that the parser does not expect.
    """
    _, parameters = parse_options_header(headers["content-type"])
    boundary = parameters.get(b"boundary", b"").decode("latin-1")
    if not _BOUNDARY.fullmatch(boundary):
        raise FormBroken("send the form with a boundary, see RFC 2046")
    return Headers({"content-type": f'multipart/form-data; boundary="{boundary}"'})


async def discard_rest(request: Request, bytes_max: int) -> None:
    """Read and drop the rest of a body.

    If the server closed the connection with unread bytes, the client would get a reset, not the answer.
    """
    seen = 0
    with suppress(ClientDisconnect, RuntimeError):
        async for chunk in request.stream():
            seen += len(chunk)
            if seen > bytes_max:
                return


async def _bounded(
    stream: AsyncGenerator[bytes, None], bytes_max: int, mb_max: int
) -> AsyncGenerator[bytes, None]:
    seen = 0
    async for chunk in stream:
        seen += len(chunk)
        if seen > bytes_max:
            raise PhotoRefused("too-heavy", limit_mb=mb_max)
        yield chunk


def _form(fields: FormData) -> Form:
    uploads = [each for each in fields.getlist("photo") if isinstance(each, UploadFile)]
    if not uploads:
        raise FormBroken("send at least one file in the field 'photo'")
    event = _text(fields, "event")
    if not EVENT.fullmatch(event):
        raise FormBroken("send 8 to 64 letters, digits or hyphens in the field 'event'")
    strength, seed = _number(fields, "strength"), _number(fields, "seed")
    return Form(
        photos=tuple(uploads),
        event=event,
        style=_text(fields, "style"),
        strength=None if strength is None else min(1.0, max(0.0, strength)),
        seed=None if seed is None else int(seed) & 0x7FFF_FFFF,
        words=_text(fields, "words"),
        after=_text(fields, "after"),
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
