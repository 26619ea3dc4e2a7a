"""The listening process: `suisai telegram`."""

from __future__ import annotations

import asyncio
import threading

import structlog
from telegram.error import TelegramError

from bots.outage import Outage
from bots.plugins import Adapter
from bots.telegram.client import HEARD, PatientBot, hello, open_bot
from bots.telegram.errors import is_refusal
from bots.telegram.events import BotIdentity
from bots.telegram.listener.context import ListenerContext, open_context
from bots.telegram.listener.dispatcher import Dispatcher
from bots.telegram.listener.menus import show_menus
from bots.telegram.listener.polling import Poller
from bots.telegram.settings import PLATFORM, TelegramSettings, configured
from tasks.errors import StoreError
from tasks.services import Services

_log = structlog.get_logger()


def wanted() -> bool:
    """Return whether `suisai up` starts the listener: with a token, whether it polls or is called.

    Also with a webhook it is the listener that registers the address, settles albums and keeps
    placeholders up to date.
    """
    return configured(TelegramSettings())


def run(services: Services, stop: threading.Event) -> None:
    """Listen until `stop` is set. Raises `TelegramMissing` without a token or with a wrong one."""
    asyncio.run(_listen(services, TelegramSettings(), stop))


async def _listen(services: Services, settings: TelegramSettings, stop: threading.Event) -> None:
    stopping = asyncio.Event()
    watch = asyncio.create_task(_follow(stop, stopping))
    bot = open_bot(settings)
    try:
        await bot.request.initialize()
        greeting = asyncio.create_task(hello(bot))
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({greeting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if greeting.done():
            await _work(services, settings, bot, greeting.result(), stopping)
        greeting.cancel()
    finally:
        watch.cancel()
        await bot.shutdown()


async def _work(
    services: Services,
    settings: TelegramSettings,
    bot: PatientBot,
    me: BotIdentity,
    stopping: asyncio.Event,
) -> None:
    context = open_context(services, settings, bot, me)
    dispatcher = Dispatcher(context)
    _log.info("listening", bot=me.username, webhook=settings.webhook_url is not None)
    menus = asyncio.create_task(show_menus(bot, services.kv(PLATFORM)))
    async with asyncio.TaskGroup() as work:
        work.create_task(_receive(context, dispatcher, services, stopping))
        work.create_task(context.placeholders.run(stopping))
        work.create_task(_settle_albums(context, dispatcher, stopping))
        work.create_task(_close(context, stopping))
    menus.cancel()
    await asyncio.gather(menus, return_exceptions=True)
    await dispatcher.finish()


async def _receive(
    context: ListenerContext, dispatcher: Dispatcher, services: Services, stopping: asyncio.Event
) -> None:
    settings = context.settings
    await _choose_the_way_in(context.bot, settings, stopping)
    if settings.webhook_url is None:
        poller = Poller(
            context.bot, dispatcher.take, services.kv(PLATFORM), settings.poll_timeout_s
        )
        await poller.run(stopping)


async def _choose_the_way_in(
    bot: PatientBot, settings: TelegramSettings, stopping: asyncio.Event
) -> None:
    # Never drop_pending_updates: people are waiting in them.
    outage = Outage("webhook_setting")
    while not stopping.is_set():
        try:
            if settings.webhook_url is None:
                await bot.delete_webhook()
            else:
                secret = settings.webhook_secret
                await bot.set_webhook(
                    settings.webhook_url,
                    allowed_updates=HEARD,
                    secret_token=None if secret is None else secret.get_secret_value(),
                )
        except TelegramError as error:
            if is_refusal(error) and settings.webhook_url is None:
                return  # a server without webhooks; polling itself tells what is wrong
            await _pause(stopping, outage.failed("telegram", error.message))
        else:
            outage.over()
            return


async def _settle_albums(
    context: ListenerContext, dispatcher: Dispatcher, stopping: asyncio.Event
) -> None:
    while not stopping.is_set():
        try:
            await dispatcher.settle_albums()
        except StoreError as error:
            _log.warning("ledger_unavailable", error=str(error), action="keep albums waiting")
        await context.albums_due.wait()


async def _close(context: ListenerContext, stopping: asyncio.Event) -> None:
    await stopping.wait()
    context.albums_due.close()
    context.placeholders_due.close()


async def _follow(stop: threading.Event, stopping: asyncio.Event) -> None:
    while not stop.is_set():  # a thread that waits for it could not be cancelled
        await asyncio.sleep(0.1)
    stopping.set()


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


ADAPTER = Adapter(run, wanted)
