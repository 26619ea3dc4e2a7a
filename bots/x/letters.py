"""Takes direct messages to asks in the ledger, and says in the conversation what became of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import structlog

from bots.asks import Wish, fresh_seed, parse
from bots.phrases import refusal, say, standing
from bots.x.api import X
from bots.x.leaving import Leaving
from bots.x.memory import Memory
from bots.x.posts import Message, MessagePage
from bots.x.voice import Voice
from pipeline.styles import load_styles
from tasks.contract import Ask, Job, PhotoRef, Refused
from tasks.services import Services

# X does not tell the language of a message; where the script does not, it is English.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)

_log = structlog.get_logger()


class Letters:
    """Understands direct messages of one person to the bot; groups are left alone."""

    def __init__(self, services: Services, x: X) -> None:
        self._services = services
        self._x = x
        self._memory = Memory(services.notebook("x"), services.settings.job_retention_s)
        self._voice = Voice(x, self._memory, services.pacer("x"))
        self._leaving = Leaving(services, x, self._memory)
        self._styles = load_styles()

    def take(self, pages: Iterable[MessagePage]) -> int:
        """Deal with all messages of these pages, oldest first; return how many became asks.

        Everything that was accepted is on disk when this returns. Raises `XFault`: then the same
        messages have to be given again.
        """
        me = self._x.me()
        ignored = {me.id, *self._x.settings.ignored_accounts}
        messages: dict[str, Message] = {}
        for page in pages:
            ignored |= page.automated
            messages |= {message.id: message for message in page.messages}
        fresh = [
            message
            for message in sorted(messages.values(), key=lambda message: int(message.id))
            if message.sender not in ignored and _is_between_two(message)
        ]
        return sum(self._act(message) for message in fresh)

    def _act(self, message: Message) -> bool:
        event = f"dm:{message.id}"
        if self._memory.is_handled(event):
            return False
        last = self._last_job(message.sender)
        wish = parse(message.text, _wish_of(last), self._styles)
        admitted = False
        if wish.stop:
            self._leaving.stop(message.sender)
            self._voice.tell(message.sender, say(language_of(message.text), "x-message-stopped"))
        elif photos := self._photos(message, wish, last):
            admitted = self._admit(message, self._varied(wish, message, last), photos)
        else:
            self._explain(message)
        self._memory.handled(event)
        return admitted

    def _photos(self, message: Message, wish: Wish, last: Job | None) -> tuple[PhotoRef, ...]:
        """Return the photo of the message, or that of the last one where it is only about that."""
        pictures = [media.picture for media in message.media if media.picture]
        if pictures:
            # X carries one picture per message, so that one is painted and sent.
            return (PhotoRef(pictures[0]),)
        return last.ask.photos if last and wish.spoken and not message.media_keys else ()

    def _varied(self, wish: Wish, message: Message, last: Job | None) -> Wish:
        if wish.again and last and wish.seed == last.ask.seed:
            return replace(wish, seed=fresh_seed(message.id))
        return wish

    def _admit(self, message: Message, wish: Wish, photos: tuple[PhotoRef, ...]) -> bool:
        language = language_of(message.text)
        ask = Ask(
            platform="x-dm",
            event=message.id,
            person=message.sender,
            conversation=message.conversation,
            photos=photos,
            style=wish.style,
            strength=wish.strength,
            seed=wish.seed,
            language=language,
            private=True,
            address={"to": message.sender},
        )
        ledger = self._services.ledger
        result = ledger.admit(ask)
        if isinstance(result, Refused):
            if result.say:
                self._voice.tell(message.sender, refusal(language, result, ledger.now()))
            return False
        if result.again:
            return False
        self._voice.tell(message.sender, standing(language, ledger.standing(result.job_id)))
        return True

    def _explain(self, message: Message) -> None:
        if self._memory.may_tell(f"dm:{message.sender}"):
            why = "x-no-still" if message.media else "x-message-help"
            self._voice.tell(message.sender, say(language_of(message.text), why))

    def _last_job(self, person: str) -> Job | None:
        ledger = self._services.ledger
        ids = (*ledger.open_jobs("x-dm", person), *ledger.past_jobs("x-dm", person, 1))
        jobs = [ledger.job(id_) for id_ in ids]
        return max(jobs, key=lambda job: job.admitted_at, default=None)


def language_of(text: str) -> str:
    """Guess the language of a message by its script."""
    return next((language for language, script in _SCRIPTS if script.search(text)), "en")


def _wish_of(job: Job | None) -> Wish:
    return Wish(job.ask.style, job.ask.strength, job.ask.seed) if job else Wish()


def _is_between_two(message: Message) -> bool:
    return message.conversation.count("-") == 1
