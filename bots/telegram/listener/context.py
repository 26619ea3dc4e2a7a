"""Everything that the listening side has in hand, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from bots.telegram.client import PatientBot
from bots.telegram.listener.callbacks import CallbackHandlers, Closer
from bots.telegram.listener.commands import Commands, Inline, Operators
from bots.telegram.listener.parser import BotIdentity
from bots.telegram.listener.placeholders import Placeholders
from bots.telegram.listener.requests import RequestService
from bots.telegram.platform import Files
from bots.telegram.rate_limit import SendRateLimit
from bots.telegram.sender import Sender
from bots.telegram.settings import PLATFORM, TelegramSettings
from bots.telegram.store import Albums, Chats, Paintings, PlaceholderQueue
from pipeline.styles import load_styles
from tasks.ledger.ledger import Ledger
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class ListenerContext:
    """The parts of the listening side."""

    me: BotIdentity
    bot: PatientBot
    settings: TelegramSettings
    ledger: Ledger
    chats: Chats
    paintings: Paintings
    albums: Albums
    waiting: PlaceholderQueue
    sender: Sender
    desk: RequestService
    greeter: Placeholders
    commands: Commands
    operators: Operators
    presses: CallbackHandlers
    inline: Inline


def open_context(
    services: Services, settings: TelegramSettings, bot: PatientBot, me: BotIdentity
) -> ListenerContext:
    """Put the listening side together."""
    ledger, namespace = services.ledger, services.settings.namespace
    notebook = services.kv(PLATFORM)
    styles = load_styles()
    chats = Chats(notebook)
    paintings = Paintings(ledger, notebook, chats, services.settings.job_retention_s)
    sender = Sender(bot, SendRateLimit(services.rate_limiter(PLATFORM), settings), chats)
    waiting = PlaceholderQueue(services.redis, namespace)
    desk = RequestService(services, chats, paintings, styles)
    greeter = Placeholders(sender, ledger, waiting)
    closer = Closer(sender, Files(bot, settings), paintings, services.blobs)
    return ListenerContext(
        me=me,
        bot=bot,
        settings=settings,
        ledger=ledger,
        chats=chats,
        paintings=paintings,
        albums=Albums(services.redis, namespace, settings.album_max),
        waiting=waiting,
        sender=sender,
        desk=desk,
        greeter=greeter,
        commands=Commands(sender, ledger, chats, styles),
        operators=Operators(sender, services, settings),
        presses=CallbackHandlers(sender, services, chats, desk, closer, paintings, styles),
        inline=Inline(sender, ledger, paintings, chats),
    )
