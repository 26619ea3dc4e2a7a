"""/healthz: this process lives. /readyz: it can also serve, because what it needs answers."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from tasks.blobs import BlobMissing
from tasks.errors import StoreError
from tasks.services import Services

_PATIENCE_S = 3.0
_OK = "ok"


def routes(services: Services) -> list[BaseRoute]:
    """Return the two routes that whoever keeps this process running asks."""

    async def healthz(_: Request) -> Response:
        # Nothing else is asked: starting this process again would not mend a ledger that is away.
        return JSONResponse({"status": _OK})

    async def readyz(_: Request) -> Response:
        try:
            parts = await asyncio.wait_for(asyncio.to_thread(_look, services), _PATIENCE_S)
        except TimeoutError:
            parts = {"ledger": "does not answer"}
        ready = set(parts.values()) == {_OK}
        return JSONResponse({"ready": ready, **parts}, 200 if ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _look(services: Services) -> dict[str, str]:
    try:
        services.ledger.now()
    except StoreError:
        return {"ledger": "does not answer"}
    try:
        services.blobs.get("readyz")
    except BlobMissing:
        return {"ledger": _OK, "photos": _OK}
    except OSError:
        return {"ledger": _OK, "photos": "their store does not answer"}
    return {"ledger": _OK, "photos": _OK}
