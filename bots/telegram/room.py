"""Everything that the listening side has in hand, put together once."""

from __future__ import annotations

from dataclasses import dataclass

from bots.telegram.albums import Albums
from bots.telegram.api import PatientBot
from bots.telegram.asking import PLATFORM, Desk
from bots.telegram.chats import Chats
from bots.telegram.closer import Closer
from bots.telegram.commands import Commands
from bots.telegram.files import Files
from bots.telegram.greet import Greeter
from bots.telegram.inline import Inline
from bots.telegram.mentions import Me
from bots.telegram.operators import Operators
from bots.telegram.pace import Pace
from bots.telegram.paintings import Paintings
from bots.telegram.pressing import Presses
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from bots.telegram.waiting import WaitingList
from pipeline.styles import load_styles
from tasks.ledger import Ledger
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class Room:
    """The parts of the listening side."""

    me: Me
    bot: PatientBot
    settings: TelegramSettings
    ledger: Ledger
    chats: Chats
    paintings: Paintings
    albums: Albums
    waiting: WaitingList
    speaker: Speaker
    desk: Desk
    greeter: Greeter
    commands: Commands
    operators: Operators
    presses: Presses
    inline: Inline


def open_room(services: Services, settings: TelegramSettings, bot: PatientBot, me: Me) -> Room:
    """Put the listening side together."""
    ledger, namespace = services.ledger, services.settings.namespace
    notebook = services.notebook(PLATFORM)
    styles = load_styles()
    chats = Chats(notebook)
    paintings = Paintings(ledger, notebook, chats, services.settings.job_retention_s)
    speaker = Speaker(bot, Pace(services.pacer(PLATFORM), notebook, settings), chats)
    waiting = WaitingList(services.redis, namespace)
    desk = Desk(services, chats, paintings, styles)
    greeter = Greeter(speaker, ledger, waiting)
    closer = Closer(speaker, Files(bot, settings), paintings, services.blobs)
    return Room(
        me=me,
        bot=bot,
        settings=settings,
        ledger=ledger,
        chats=chats,
        paintings=paintings,
        albums=Albums(services.redis, namespace, settings.album_max),
        waiting=waiting,
        speaker=speaker,
        desk=desk,
        greeter=greeter,
        commands=Commands(speaker, ledger, chats, styles),
        operators=Operators(speaker, services, settings),
        presses=Presses(speaker, services, chats, desk, closer, paintings, styles),
        inline=Inline(speaker, ledger, paintings, chats),
    )
