"""/status: the operator's page, which shows the bot's state and pauses and resumes stages."""

from __future__ import annotations

import asyncio
from importlib.resources import files
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from bots.web.body import read_object
from bots.web.operator_auth import OperatorAuth
from bots.web.settings import WebSettings
from bots.web.status_data import failures, overview, recent_pictures
from tasks.blobs import BlobMissing
from tasks.models import PAUSABLE
from tasks.platform import platform_names
from tasks.services import Services
from tasks.stats import read_stats

_FRESH = {"Cache-Control": "no-store"}


class Status:
    """The endpoints of the status page."""

    def __init__(self, services: Services, settings: WebSettings) -> None:
        self._services = services
        self._pictures = settings.status_pictures
        self._html = files("bots.web").joinpath("static/status.html").read_text("utf-8")

    async def show(self, _: Request) -> Response:
        """GET /status: the page."""
        return HTMLResponse(self._html, headers=_FRESH)

    async def now(self, _: Request) -> Response:
        """GET /status/now: the current state as JSON."""
        return JSONResponse(await asyncio.to_thread(self._state), headers=_FRESH)

    async def pause(self, request: Request) -> Response:
        """POST /status/pause {what, platform}: pause until it is resumed."""
        await asyncio.to_thread(self._services.controls.pause, *await _switch(request))
        return await self.now(request)

    async def resume(self, request: Request) -> Response:
        """POST /status/resume {what, platform}: end a pause."""
        await asyncio.to_thread(self._services.controls.resume, *await _switch(request))
        return await self.now(request)

    async def picture(self, request: Request) -> Response:
        """GET /status/pictures/{n}: one of the last public paintings; 404 if the settings hide them."""
        number = request.path_params["n"]
        keys = await asyncio.to_thread(self._recent)
        if number >= len(keys):
            raise HTTPException(404)
        try:
            data = await asyncio.to_thread(self._services.blobs.get, keys[number])
        except BlobMissing:
            raise HTTPException(404) from None
        return Response(data, media_type="image/jpeg", headers=_FRESH)

    def _state(self) -> dict[str, Any]:
        seen = overview(read_stats(self._services))
        return seen | {"failures": failures(self._services), "pictures": self._recent()}

    def _recent(self) -> list[str]:
        return recent_pictures(self._services) if self._pictures else []


def routes(services: Services, settings: WebSettings, auth: OperatorAuth) -> list[BaseRoute]:
    """Return the routes, all restricted to the operator."""
    status = Status(services, settings)
    return [
        Route("/status", auth.required(status.show)),
        Route("/status/now", auth.required(status.now)),
        Route("/status/pause", auth.required(status.pause), methods=["POST"]),
        Route("/status/resume", auth.required(status.resume), methods=["POST"]),
        Route("/status/pictures/{n:short_int}", auth.required(status.picture)),
    ]


async def _switch(request: Request) -> tuple[str, str | None]:
    """Return stage and platform from the body. Raises `HTTPException` 400 for unknown ones."""
    body = await read_object(request)
    what, platform = body.get("what"), body.get("platform") or None
    if what not in PAUSABLE or (platform is not None and platform not in platform_names()):
        raise HTTPException(400)
    return str(what), platform
