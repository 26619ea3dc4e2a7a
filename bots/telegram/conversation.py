"""What a message or a pressed button leads to: an ask in the ledger, or a few words."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from telegram.error import TelegramError

from bots.phrases import say
from bots.telegram.asking import PLATFORM
from bots.telegram.greet import PUZZLED
from bots.telegram.heard import Heard, Pressed
from bots.telegram.origin import Origin, Place, read
from bots.telegram.photos import largest
from bots.telegram.room import Room
from bots.telegram.talks import Talks
from tasks.contract import Admitted, Ask, PhotoRef

_PAINTING = {"", "style", "paint", "again", "me"}
"""Commands that paint the photo they come with; other commands do what they always do."""


class Conversation:
    """Answers people. What asks for a painting is in the ledger when a method returns."""

    def __init__(self, room: Room, talks: Talks) -> None:
        self._room = room
        self._talks = talks

    async def message(self, heard: Heard) -> None:
        """Take in a message that is meant for the bot."""
        if heard.command == "me":
            heard = await self._with_own_face(heard)
        with_photo = bool(heard.photos or heard.replied_photos)
        if heard.command == "again" and not with_photo:
            await self._again(heard)
        elif heard.command in _PAINTING and (with_photo or not heard.command):
            await self._ask(heard)
        else:
            self._talks.begin(self._obey(heard))

    async def press(self, pressed: Pressed) -> None:
        """Take in a pressed button."""
        ask = await self._room.presses.ask(pressed)
        if ask is None:
            self._talks.begin(self._room.presses.act(pressed))
            return
        answer = await asyncio.to_thread(self._room.desk.admit, ask)
        if isinstance(answer, Admitted):
            self._talks.begin(self._pressed(pressed, ask, answer))
        else:
            now = await asyncio.to_thread(self._room.ledger.now)
            self._talks.begin(self._room.presses.refused(pressed, ask, answer, now))

    async def _ask(self, heard: Heard) -> None:
        understood = await asyncio.to_thread(self._room.desk.understood, heard)
        if isinstance(understood, Ask):
            await self._admit(heard, understood)
        elif understood.stop and heard.origin.place is not Place.GUEST:
            self._talks.begin(self._room.commands.cancel_all(heard))
        elif understood.spoken and heard.origin.private:
            await self._again(heard)
        else:
            self._talks.begin(self._puzzled(heard))

    async def _again(self, heard: Heard) -> None:
        job = await asyncio.to_thread(self._room.paintings.meant, PLATFORM, heard)
        if job is None:
            self._talks.begin(self._puzzled(heard))
        else:
            await self._admit(heard, await asyncio.to_thread(self._room.desk.anew, heard, job))

    async def _admit(self, heard: Heard, ask: Ask) -> None:
        answer = await asyncio.to_thread(self._room.desk.admit, ask)
        if isinstance(answer, Admitted):
            self._talks.begin(self._room.greeter.accepted(ask, answer, heard.origin))
        else:
            now = await asyncio.to_thread(self._room.ledger.now)
            self._talks.begin(self._room.greeter.refused(heard.origin, answer, ask.language, now))

    async def _pressed(self, pressed: Pressed, ask: Ask, answer: Admitted) -> None:
        await self._room.speaker.nod(pressed.query)
        origin = read(ask.address, ask.person, ask.language)
        await self._room.greeter.accepted(ask, answer, origin)

    async def _with_own_face(self, heard: Heard) -> Heard:
        photos = await self._face(heard.origin)
        return replace(heard, photos=photos, command="" if photos else heard.command)

    async def _face(self, origin: Origin) -> tuple[PhotoRef, ...]:
        try:
            faces = await self._room.speaker.bot.get_user_profile_photos(
                int(origin.person), limit=1
            )
        except TelegramError:
            return ()
        return (PhotoRef(largest(faces.photos[0])),) if faces.photos else ()

    async def _obey(self, heard: Heard) -> None:
        room = self._room
        if heard.origin.place is not Place.GUEST:
            language = await room.commands.language(heard.origin)
            if await room.commands.obey(heard) or await room.operators.obey(heard, language):
                return
        await self._puzzled(heard)

    async def _puzzled(self, heard: Heard) -> None:
        if heard.origin.place is not Place.GROUP:
            language = await self._room.commands.language(heard.origin)
            key = "telegram-no-face" if heard.command == "me" else "telegram-hint"
            await self._room.greeter.say(heard.origin, say(language, key))
        elif not heard.replied_to_bot:
            # Chatter under a painting is not meant for the bot.
            await self._room.speaker.react(heard.origin, PUZZLED, instead_of_words=True)
