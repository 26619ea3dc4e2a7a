"""Turns messages and buttons into requests for the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bots.captions.lexicon import asks_for_change
from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.telegram.events import ButtonEvent, MessageEvent, Origin, Place
from bots.telegram.keyboards import RepaintAction
from bots.telegram.settings import PLATFORM
from bots.telegram.store import Chats, Choices, Paintings
from pipeline.styles import Style
from tasks.models import Admitted, Job, PaintRequest, PhotoRef, Refused
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class _Basis:
    """The photos of a request, and its options before the text of the message is parsed."""

    photos: tuple[PhotoRef, ...]
    options: PaintOptions


class RequestService:
    """Parses and admits requests. Everything here is blocking: call it from a thread.

    A request's address says beside its origin what the placeholder tells of the person's words: `named`,
    they named a style or a strength; `unread`, they ask for a change of what is in the photo.
    """

    def __init__(
        self, services: Services, chats: Chats, paintings: Paintings, styles: Mapping[str, Style]
    ) -> None:
        self._services = services
        self._chats = chats
        self._paintings = paintings
        self._styles = styles

    def parse(self, message: MessageEvent) -> PaintRequest | PaintOptions:
        """Return the request of a message, or what its words ask for when it comes without a photo."""
        choices = self._chats.choices(message.origin)
        basis = self._basis(message, choices)
        options = parse(message.words, basis.options, self._styles)
        if options.stop or not basis.photos:
            return options
        if options.reroll and options.seed == basis.options.seed:
            options = replace(options, seed=None)
        return _request(message.event, message.origin, basis.photos, options, choices)

    def from_button(self, button: ButtonEvent, action: RepaintAction) -> PaintRequest | None:
        """Return the request behind a button, None when neither job nor message knows the photo."""
        job = self._paintings.job_here(action.job_id, button.origin)
        person = button.origin.person
        photos = button.answered_photos if job is None else photos_as_seen_by(person, job)
        if not photos:
            return None
        seed = job.request.seed if job is not None and not action.anew else None
        words = job.request.words if job is not None else ""
        options = PaintOptions(action.style, action.strength, seed, reroll=action.anew, words=words)
        origin = _as_hidden_as(job, button.origin)
        if job is not None and origin.place is not Place.GUEST and not origin.message:
            origin = replace(origin, message=int(job.request.address["message"]))
        return _request(button.event, origin, photos, options, self._chats.choices(origin))

    def repaint(self, message: MessageEvent, job: Job) -> PaintRequest:
        """Return the request for another painting of a job's photos."""
        before = job.request
        usual = PaintOptions(before.style, before.strength, words=before.words)
        options = parse(message.words, usual, self._styles)
        origin = _as_hidden_as(job, message.origin)
        choices = self._chats.choices(origin)
        options = replace(options, reroll=True)
        photos = photos_as_seen_by(origin.person, job)
        return _request(message.event, origin, photos, options, choices)

    def admit(self, request: PaintRequest) -> tuple[PaintRequest, Admitted | Refused]:
        """Put a request into the ledger, after what the group and the photos' owners want.

        Return it as it was admitted, and the ledger's answer.
        """
        worded = checked(self._services, request)
        if isinstance(worded, Refused):
            return request, worded
        if not worded.words and asks_for_change(request.words):
            worded = replace(worded, address={**worded.address, "unread": "1"})
        return worded, self._admit(worded)

    def _admit(self, request: PaintRequest) -> Admitted | Refused:
        chat = int(request.conversation)
        # Groups have negative ids; what is asked for elsewhere follows no group's rules.
        if request.private or chat >= 0:
            return self._unwanted(request) or self._services.ledger.admit(request)
        rules = self._chats.rules(chat)
        refused = self._unwanted(request, others=rules.others)
        if refused is not None:
            return refused
        started = self._chats.start_cooldown(chat, request.person, request.event, rules.cooldown_s)
        if not started:
            return Refused("cooldown", 0.0)
        answer = self._services.ledger.admit(request)
        if rules.cooldown_s > 0 and isinstance(answer, Refused):
            self._chats.give_back(chat, request.person)
        return answer

    def _unwanted(self, request: PaintRequest, *, others: bool = True) -> Refused | None:
        owners = {photo.owner for photo in request.photos if photo.owner is not None}
        if not owners:
            return None
        opted_out = any(self._services.users.opted_out(PLATFORM, owner) for owner in owners)
        return Refused("opted-out", 0.0) if opted_out or not others else None

    def _basis(self, message: MessageEvent, choices: Choices) -> _Basis:
        style = choices.style if choices.style in self._styles else PaintOptions().style
        photos = message.photos or message.replied_photos
        if photos:
            return _Basis(photos, PaintOptions(style))
        job = self._paintings.shown(message.origin.chat, message.replied_message)
        if job is None:
            return _Basis((), PaintOptions(style))
        before = job.request
        options = PaintOptions(before.style, before.strength, before.seed, words=before.words)
        # Chatter about a painting asks for no other one.
        explicit = parse(message.words, options, self._styles).explicit
        photos = photos_as_seen_by(message.origin.person, job) if explicit else ()
        return _Basis(photos, options)


def photos_as_seen_by(person: str, job: Job) -> tuple[PhotoRef, ...]:
    """Return a job's photos, each with its owner named where that is somebody else than `person`.

    In the record of a job, a photo of its own person has no owner.
    """
    owners = [photo.owner or job.request.person for photo in job.request.photos]
    return tuple(
        replace(photo, owner=None if owner == person else owner)
        for photo, owner in zip(job.request.photos, owners, strict=True)
    )


def _request(
    event: str,
    origin: Origin,
    photos: tuple[PhotoRef, ...],
    options: PaintOptions,
    choices: Choices,
) -> PaintRequest:
    seed = fresh_seed(event) if options.reroll and options.seed is None else options.seed
    return PaintRequest(
        platform=PLATFORM,
        event=event,
        person=origin.person,
        conversation=str(origin.chat),
        photos=photos,
        style=options.style,
        strength=options.strength,
        seed=seed,
        language=choices.language,
        private=origin.private,
        address={**origin.address(), "named": "1"} if options.explicit else origin.address(),
        words=options.words,
    )


def _as_hidden_as(job: Job | None, origin: Origin) -> Origin:
    # A spoiler stays one in every painting of its photo.
    hidden = origin.spoiler or (job is not None and job.request.address.get("spoiler") == "1")
    return replace(origin, spoiler=hidden)
