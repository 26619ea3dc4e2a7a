"""GET /metrics, for Prometheus."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.metrics import FleetCollector
from bots.web.operator_auth import OperatorAuth
from bots.web.settings import WebSettings
from tasks.services import Services


def routes(services: Services, settings: WebSettings, auth: OperatorAuth) -> list[BaseRoute]:
    """Return the route; open to everybody only where the settings say so."""
    # Filled at each scrape, not now: the ledger may be away when the page starts.
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(services))

    async def metrics(_: Request) -> Response:
        text = await asyncio.to_thread(generate_latest, registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/metrics", metrics if settings.metrics_open else auth.required_for_metrics(metrics))
    ]
