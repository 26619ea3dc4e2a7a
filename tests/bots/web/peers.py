"""Sends requests to the application in this process, from any client address."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.applications import Starlette


def ask(
    app: Starlette, path: str, method: str = "GET", peer: str = "127.0.0.1", **options: Any
) -> httpx.Response:
    """Send one request as if it came from the machine `peer`."""

    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(app, client=(peer, 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **options)

    return asyncio.run(send())


OPERATOR = "token-of-the-operator"
AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}
"""Headers of requests to an application whose operator token is `OPERATOR`."""
