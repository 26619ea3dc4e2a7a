"""What was heard -> an ask for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.telegram.events import ButtonEvent, MessageEvent, Origin, Place
from bots.telegram.keyboards import RepaintAction
from bots.telegram.settings import PLATFORM
from bots.telegram.store import Chats, Paintings
from pipeline.styles import Style
from tasks.models import Admitted, Job, PaintRequest, PhotoRef, Refused
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class Basis:
    """What is to be painted, and the wish that the words of a message start from."""

    photos: tuple[PhotoRef, ...]
    wish: PaintOptions


class RequestService:
    """Takes asks in. Everything here is blocking: call it from a thread."""

    def __init__(
        self, services: Services, chats: Chats, paintings: Paintings, styles: Mapping[str, Style]
    ) -> None:
        self._services = services
        self._chats = chats
        self._paintings = paintings
        self._styles = styles

    def parse(self, heard: MessageEvent) -> PaintRequest | PaintOptions:
        """Return the ask of a message, or what it wishes for when it comes without a photo."""
        basis = self._basis(heard)
        wish = parse(heard.words, basis.wish, self._styles)
        if wish.stop or not basis.photos:
            return wish
        if wish.reroll and wish.seed == basis.wish.seed:
            wish = replace(wish, seed=None)
        return self._ask(heard.event, heard.origin, basis.photos, wish)

    def repainting(self, pressed: ButtonEvent, wanted: RepaintAction) -> PaintRequest | None:
        """Return the ask behind a button, None when neither job nor message knows the photo."""
        job = self._paintings.job_here(wanted.job_id, pressed.origin)
        photos = job.request.photos if job is not None else pressed.answered_photos
        if not photos:
            return None
        seed = job.request.seed if job is not None and not wanted.anew else None
        wish = PaintOptions(wanted.style, wanted.strength, seed, reroll=wanted.anew)
        origin = _as_hidden_as(job, pressed.origin)
        if job is not None and origin.place is not Place.GUEST and not origin.message:
            origin = replace(origin, message=int(job.request.address["message"]))
        return self._ask(pressed.event, origin, photos, wish)

    def repaint(self, heard: MessageEvent, job: Job) -> PaintRequest:
        """Return the ask for another painting of a job's photos."""
        ask = job.request
        wish = parse(heard.words, PaintOptions(ask.style, ask.strength), self._styles)
        origin = _as_hidden_as(job, heard.origin)
        return self._ask(heard.event, origin, ask.photos, replace(wish, reroll=True))

    def admit(self, ask: PaintRequest) -> Admitted | Refused:
        """Put an ask into the ledger, after what the group and the photos' owners want."""
        refused = self._unwanted(ask)
        if refused is not None:
            return refused
        chat = int(ask.conversation)
        grouped = not ask.private and chat != 0
        if grouped and not self._chats.may_ask(chat, ask.person, ask.event):
            return Refused("cooldown", 0.0)
        answer = self._services.ledger.admit(ask)
        if grouped and isinstance(answer, Refused):
            self._chats.give_back(chat, ask.person)
        return answer

    def _unwanted(self, ask: PaintRequest) -> Refused | None:
        owners = {photo.owner for photo in ask.photos if photo.owner is not None}
        if not owners:
            return None
        rules = self._chats.rules(int(ask.conversation))
        opted_out = any(self._services.users.opted_out(PLATFORM, owner) for owner in owners)
        if opted_out or not (ask.private or rules.others):
            return Refused("opted-out", 0.0)
        return None

    def _basis(self, heard: MessageEvent) -> Basis:
        usual = PaintOptions(self._style(heard.origin))
        photos = heard.photos or heard.replied_photos
        if photos:
            return Basis(photos, usual)
        job = self._paintings.shown(heard.origin.chat, heard.replied_message)
        if job is None:
            return Basis((), usual)
        wish = PaintOptions(job.request.style, job.request.strength, job.request.seed)
        # Chatter about a painting is no wish for another one.
        spoken = parse(heard.words, wish, self._styles).explicit
        return Basis(job.request.photos if spoken else (), wish)

    def _style(self, origin: Origin) -> str:
        style = ""
        if origin.place is Place.GROUP:
            style = self._chats.rules(origin.chat).style
        style = style or self._chats.style(origin.person) or ""
        return style if style in self._styles else PaintOptions().style

    def _ask(
        self, event: str, origin: Origin, photos: tuple[PhotoRef, ...], wish: PaintOptions
    ) -> PaintRequest:
        return PaintRequest(
            platform=PLATFORM,
            event=event,
            person=origin.person,
            conversation=str(origin.chat),
            photos=photos,
            style=wish.style,
            strength=wish.strength,
            seed=fresh_seed(event) if wish.reroll and wish.seed is None else wish.seed,
            language=self._chats.spoken(origin),
            private=origin.private,
            address=origin.address(),
        )


def _as_hidden_as(job: Job | None, origin: Origin) -> Origin:
    # A spoiler stays one in every painting of its photo.
    hidden = origin.spoiler or (job is not None and job.request.address.get("spoiler") == "1")
    return replace(origin, spoiler=hidden)
