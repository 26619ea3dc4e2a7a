"""The parts of the listener, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from bots.telegram.client import PatientBot
from bots.telegram.events import BotIdentity
from bots.telegram.listener.callbacks import CallbackHandlers, PictureSender
from bots.telegram.listener.commands import Commands, InlineMode, OperatorCommands
from bots.telegram.listener.placeholders import Placeholders
from bots.telegram.listener.polling import Alarm
from bots.telegram.listener.requests import RequestService
from bots.telegram.platform import Files
from bots.telegram.rate_limit import SendRateLimit
from bots.telegram.sender import Sender
from bots.telegram.settings import PLATFORM, TelegramSettings
from bots.telegram.store import Albums, Chats, Paintings, PlaceholderQueue, StoreClock
from pipeline.styles import load_styles
from tasks.services import Services

_ALBUMS_S, _ALBUMS_OF_OTHERS_S = 5.0, 2.0
"""Between two looks for complete albums; with a webhook it is the web process that takes them in."""
_PLACEHOLDERS_S = 5.0


@dataclass(frozen=True, slots=True)
class ListenerContext:
    """The parts of the listener."""

    me: BotIdentity
    bot: PatientBot
    settings: TelegramSettings
    clock: StoreClock
    chats: Chats
    paintings: Paintings
    albums: Albums
    albums_due: Alarm
    sender: Sender
    requests: RequestService
    placeholders: Placeholders
    placeholders_due: Alarm
    commands: Commands
    operators: OperatorCommands
    callbacks: CallbackHandlers
    inline: InlineMode


def open_context(
    services: Services, settings: TelegramSettings, bot: PatientBot, me: BotIdentity
) -> ListenerContext:
    """Put the listener together. Call it in the event loop that it will run in."""
    ledger, kv, styles = services.ledger, services.kv(PLATFORM), load_styles()
    clock, chats = StoreClock(ledger), Chats(kv)
    paintings = Paintings(ledger, kv, chats, services.settings.job_retention_s)
    sender = Sender(bot, SendRateLimit(services.rate_limiter(PLATFORM), settings), chats)
    requests = RequestService(services, chats, paintings, styles)
    pictures = PictureSender(sender, Files(bot, settings), paintings, services.blobs)
    queue, placeholders_due = PlaceholderQueue(ledger, kv), Alarm(_PLACEHOLDERS_S)
    return ListenerContext(
        me=me,
        bot=bot,
        settings=settings,
        clock=clock,
        chats=chats,
        paintings=paintings,
        albums=Albums(kv, settings.album_max),
        albums_due=Alarm(_ALBUMS_OF_OTHERS_S if settings.webhook_url else _ALBUMS_S),
        sender=sender,
        requests=requests,
        placeholders=Placeholders(sender, ledger, queue, settings, clock, placeholders_due, styles),
        placeholders_due=placeholders_due,
        commands=Commands(sender, ledger, chats, styles),
        operators=OperatorCommands(sender, services, settings),
        callbacks=CallbackHandlers(sender, services, chats, requests, pictures, paintings, styles),
        inline=InlineMode(sender, ledger, paintings, chats),
    )
