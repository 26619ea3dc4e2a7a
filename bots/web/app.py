"""The web application: the chat page, uploads, jobs and their events, and the operator's pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.resources import files

import structlog
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bots import plugins
from bots.i18n import t
from bots.web import probes, status
from bots.web.addresses import ForwardedAddresses, TrustedProxies
from bots.web.connections import RequestsPerAddress
from bots.web.job_events import JobEvents
from bots.web.jobs import Jobs
from bots.web.operator_auth import OperatorAuth
from bots.web.page import PageRenderer
from bots.web.plugin import NAME
from bots.web.security import Shield
from bots.web.sessions import language_of
from bots.web.settings import WebSettings
from bots.web.uploads_api import UploadsApi
from pipeline.styles import load_styles
from tasks.errors import StoreError
from tasks.services import Services

_log = structlog.get_logger()


class _ShortInteger(Convertor[int]):
    """A number in a path. Python refuses to read one of more than 4,300 digits."""

    regex = "[0-9]{1,6}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


register_url_convertor("short_int", _ShortInteger())


def build_app(services: Services, settings: WebSettings | None = None) -> Starlette:
    """Build the application. Stopping `app.state.job_events` ends all event streams."""
    settings = settings or WebSettings()
    styles = load_styles()
    job_events, auth = JobEvents(services.ledger.updates), OperatorAuth(services, settings)
    proxies = TrustedProxies(settings.trusted_proxies)
    app = Starlette(
        routes=_routes(
            PageRenderer(settings, styles, services.settings.allows_own_words(NAME, None)),
            UploadsApi(services, settings, styles),
            Jobs(services, job_events),
            [
                *probes.health_routes(services),
                *probes.metrics_routes(services, settings, auth),
                *status.routes(services, settings, auth),
            ],
        )
        + plugins.routes(services),
        middleware=[
            Middleware(ForwardedAddresses, proxies),
            Middleware(RequestsPerAddress),
            Middleware(Shield, str(settings.public_url) if settings.public_url else None),
        ],
        exception_handlers={HTTPException: _error, StoreError: _unreachable},
        lifespan=_lifespan(job_events),
    )
    app.state.job_events = job_events
    return app


def _routes(
    page: PageRenderer, uploads: UploadsApi, jobs: Jobs, operators: Sequence[BaseRoute]
) -> list[BaseRoute]:
    return [
        Route("/", page.show),
        Route("/styles", page.styles),
        Route("/asks", uploads.post, methods=["POST"]),
        Route("/words", page.understood),
        Route("/jobs", jobs.listing),
        Route("/jobs/{id}", jobs.show),
        Route("/jobs/{id}", jobs.cancel, methods=["DELETE"]),
        Route("/jobs/{id}/events", jobs.events),
        Route("/jobs/{id}/picture/{n:short_int}", jobs.picture),
        Route("/jobs/{id}/pictures.zip", jobs.pictures),
        Route("/me", jobs.forget, methods=["DELETE"]),
        *operators,
        Mount("/static", StaticFiles(directory=str(files("bots.web").joinpath("static")))),
    ]


def _lifespan(job_events: JobEvents) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        job_events.start()
        yield
        job_events.stop()
        await job_events.wait_closed()

    return lifespan


async def _error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    words = t(language_of(request), "web-lost" if status in (404, 410) else "web-upload-failed")
    return JSONResponse({"reason": str(status), "words": words}, status_code=status)


async def _unreachable(request: Request, error: Exception) -> Response:
    _log.warning("ledger_unavailable", error=str(error), action="ask to wait")
    words = t(language_of(request), "web-unreachable")
    return JSONResponse({"reason": "unreachable", "words": words}, status_code=503)
