"""The listening process: `suisai telegram`."""

from __future__ import annotations

import asyncio
import threading

import structlog
from redis.exceptions import RedisError
from telegram.error import TelegramError

from bots.plugins import Adapter
from bots.telegram.client import _HELLO_AGAIN_S, HEARD, PatientBot, hello, open_bot
from bots.telegram.listener.context import ListenerContext, open_context
from bots.telegram.listener.dispatcher import Dispatcher
from bots.telegram.listener.menus import show_menus
from bots.telegram.listener.parser import BotIdentity
from bots.telegram.listener.placeholders import PlaceholderUpdater
from bots.telegram.listener.polling import Poller
from bots.telegram.settings import PLATFORM, TelegramSettings, configured
from tasks.services import Services

_log = structlog.get_logger()

_SETTLE_S = 0.2


def wanted() -> bool:
    """Tell whether `suisai up` starts the listener: with a token, whether it polls or is called.

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
        meeting = asyncio.create_task(hello(bot))
        stopped = asyncio.create_task(stopping.wait())
        await asyncio.wait({meeting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if meeting.done():
            await _work(services, settings, bot, meeting.result(), stopping)
        meeting.cancel()
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
    room = open_context(services, settings, bot, me)
    reception = Dispatcher(room)
    keeper = PlaceholderUpdater(room.sender, room.ledger, room.waiting, settings)
    _log.info("listening on Telegram", bot=me.username, webhook=settings.webhook_url is not None)
    menus = asyncio.create_task(show_menus(bot, services.kv(PLATFORM)))
    async with asyncio.TaskGroup() as work:
        work.create_task(_source(room, reception, services, stopping))
        work.create_task(keeper.run(stopping))
        work.create_task(_settle(reception, stopping))
    menus.cancel()
    await asyncio.gather(menus, return_exceptions=True)
    await reception.finish()


async def _source(
    room: ListenerContext, reception: Dispatcher, services: Services, stopping: asyncio.Event
) -> None:
    bot, settings = room.bot, room.settings
    await _choose_the_way_in(bot, settings, stopping)
    if settings.webhook_url is None:
        notebook = services.kv(PLATFORM)
        await Poller(bot, reception.take, notebook, settings.poll_timeout_s).run(stopping)


async def _choose_the_way_in(
    bot: PatientBot, settings: TelegramSettings, stopping: asyncio.Event
) -> None:
    # Never drop_pending_updates: people are waiting in them.
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
            _log.warning("the way in could not be set, trying again", error=error.message)
            if settings.webhook_url is None:
                return  # polling itself tells what is wrong
            await _pause(stopping, _HELLO_AGAIN_S)
        else:
            return


async def _settle(reception: Dispatcher, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        try:
            await reception.settle_albums()
        except RedisError as error:
            _log.warning("the ledger does not answer, albums wait for it", error=str(error))
        await _pause(stopping, _SETTLE_S)


async def _follow(stop: threading.Event, stopping: asyncio.Event) -> None:
    while not stop.is_set():
        await asyncio.sleep(0.1)
    stopping.set()


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return


ADAPTER = Adapter(run, wanted)
