"""The listening process: `suisai telegram`."""

from __future__ import annotations

import asyncio
import threading

import structlog
from redis.exceptions import RedisError
from telegram.error import InvalidToken, TelegramError

from bots.doors import Adapter
from bots.telegram.api import HEARD, PatientBot, open_bot
from bots.telegram.asking import PLATFORM
from bots.telegram.keeper import Keeper
from bots.telegram.mentions import Me
from bots.telegram.menus import show_menus
from bots.telegram.missing import TelegramMissing
from bots.telegram.polling import Poller
from bots.telegram.reception import Reception
from bots.telegram.room import Room, open_room
from bots.telegram.settings import TelegramSettings, configured
from tasks.services import Services

_log = structlog.get_logger()

_SETTLE_S = 0.2
_HELLO_AGAIN_S = 2.0


def wanted() -> bool:
    """Tell whether `suisai up` should listen to Telegram itself, instead of being called."""
    settings = TelegramSettings()
    return configured(settings) and settings.webhook_url is None


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


async def hello(bot: PatientBot) -> Me:
    """Ask Telegram who the bot is, as long as it takes.

    Raises `TelegramMissing` for a token that Telegram does not know.
    """
    while True:
        try:
            await bot.initialize()
        except InvalidToken as error:
            raise TelegramMissing(
                "Telegram does not know the token in SUISAI_TELEGRAM_TOKEN"
            ) from error
        except TelegramError as error:
            _log.warning("Telegram does not answer, trying again", error=error.message)
            await asyncio.sleep(_HELLO_AGAIN_S)
        else:
            return Me(bot.id, bot.username or "")


async def _work(
    services: Services,
    settings: TelegramSettings,
    bot: PatientBot,
    me: Me,
    stopping: asyncio.Event,
) -> None:
    room = open_room(services, settings, bot, me)
    reception = Reception(room)
    keeper = Keeper(room.speaker, room.ledger, room.waiting, settings)
    _log.info("listening on Telegram", bot=me.username, webhook=settings.webhook_url is not None)
    menus = asyncio.create_task(show_menus(bot, services.notebook(PLATFORM)))
    async with asyncio.TaskGroup() as work:
        work.create_task(_source(room, reception, services, stopping))
        work.create_task(keeper.run(stopping))
        work.create_task(_settle(reception, stopping))
    menus.cancel()
    await asyncio.gather(menus, return_exceptions=True)
    await reception.finish()


async def _source(
    room: Room, reception: Reception, services: Services, stopping: asyncio.Event
) -> None:
    bot, settings = room.bot, room.settings
    await _choose_the_way_in(bot, settings, stopping)
    if settings.webhook_url is None:
        notebook = services.notebook(PLATFORM)
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


async def _settle(reception: Reception, stopping: asyncio.Event) -> None:
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
