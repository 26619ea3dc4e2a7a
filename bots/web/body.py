"""Reads request bodies that are not forms, up to a maximum size."""

from __future__ import annotations

import json
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request


async def read_body(request: Request, bytes_max: int) -> bytes | None:
    """Return the raw body; None if it is larger than `bytes_max` or ends early."""
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > bytes_max:
                return None
    except ClientDisconnect:
        return None
    return bytes(body)


async def read_object(request: Request, bytes_max: int = 4_096) -> dict[str, Any]:
    """Return the JSON object of the body. Raises `HTTPException` 400 or 413 for anything else."""
    raw = await read_body(request, bytes_max)
    if raw is None:
        raise HTTPException(413)
    return parse_object(raw)


def parse_object(raw: bytes) -> dict[str, Any]:
    """Parse a JSON object from an untrusted client. Raises `HTTPException` 400 for anything else."""
    try:
        # Deep nesting raises RecursionError, which is not a ValueError.
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise HTTPException(400) from None
    if not isinstance(body, dict):
        raise HTTPException(400)
    return body
