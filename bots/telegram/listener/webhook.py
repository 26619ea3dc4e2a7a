"""Updates by webhook: Telegram calls the web process, which answers 200 when the ledger has the request."""

from __future__ import annotations

import asyncio
import hmac

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bots.telegram.client import hello, open_bot
from bots.telegram.listener.context import open_context
from bots.telegram.listener.dispatcher import Dispatcher
from bots.telegram.settings import TelegramSettings
from bots.web.body import read_object
from tasks.errors import StoreError
from tasks.services import Services

_log = structlog.get_logger()

PATH = "/telegram/webhook"

_PROOF = "x-telegram-bot-api-secret-token"

_UPDATE_MAX_BYTES = 1_000_000


class TelegramWebhook:
    """Takes updates from HTTP calls. The first one connects to Telegram."""

    def __init__(self, services: Services, settings: TelegramSettings) -> None:
        self._services = services
        self._settings = settings
        self._opening = asyncio.Lock()
        self._dispatcher: Dispatcher | None = None

    async def __call__(self, request: Request) -> Response:
        """Answer one call: 401 without Telegram's secret, 503 where the update should come again."""
        if not self._is_telegram(request):
            return Response(status_code=401)
        update = await read_object(request, _UPDATE_MAX_BYTES)
        try:
            await (await self._opened()).take(update)
        except StoreError as error:
            _log.warning("ledger_unavailable", error=str(error), action="let Telegram resend")
            return Response(status_code=503)
        return Response(status_code=200)

    async def _opened(self) -> Dispatcher:
        async with self._opening:
            if self._dispatcher is None:
                bot = open_bot(self._settings)
                me = await hello(bot)
                self._dispatcher = Dispatcher(open_context(self._services, self._settings, bot, me))
        return self._dispatcher

    def _is_telegram(self, request: Request) -> bool:
        secret = self._settings.webhook_secret
        said = request.headers.get(_PROOF, "")
        if secret is None:
            return False
        return hmac.compare_digest(said.encode(), secret.get_secret_value().encode())


def webhook_route(services: Services, settings: TelegramSettings | None = None) -> Route:
    """Return the route that the web process mounts where a webhook is configured."""
    webhook = TelegramWebhook(services, settings or TelegramSettings())
    return Route(PATH, webhook.__call__, methods=["POST"])


def routes(services: Services) -> list[BaseRoute]:
    """Return what the web process serves for Telegram: nothing while the bot polls."""
    settings = TelegramSettings()
    return [webhook_route(services, settings)] if settings.webhook_url else []
