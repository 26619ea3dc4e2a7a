"""GET /healthz, /readyz and /metrics: for supervisors, load balancers and Prometheus."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bots.metrics import FleetCollector
from bots.web.operator_auth import OperatorAuth
from bots.web.settings import WebSettings
from tasks.blobs import BlobMissing
from tasks.errors import StoreError
from tasks.services import Services

_PATIENCE_S = 3.0

_OK = "ok"


def health_routes(services: Services) -> list[BaseRoute]:
    """Return the routes /healthz (the process is alive) and /readyz (its stores answer)."""

    async def healthz(_: Request) -> Response:
        # Does not check the ledger: restarting this process would not repair it.
        return JSONResponse({"status": _OK})

    async def readyz(_: Request) -> Response:
        try:
            parts = await asyncio.wait_for(asyncio.to_thread(_check_stores, services), _PATIENCE_S)
        except TimeoutError:
            parts = {"ledger": "does not answer"}
        ready = set(parts.values()) == {_OK}
        return JSONResponse({"ready": ready, **parts}, 200 if ready else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


def _check_stores(services: Services) -> dict[str, str]:
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


def metrics_routes(
    services: Services, settings: WebSettings, auth: OperatorAuth
) -> list[BaseRoute]:
    """Return the route /metrics, restricted to the operator unless the settings open it."""
    # Collected at each scrape, not at the start: the ledger may be unreachable then.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(services))

    async def metrics(_: Request) -> Response:
        text = await asyncio.to_thread(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/metrics", metrics if settings.metrics_open else auth.required_for_metrics(metrics))
    ]
