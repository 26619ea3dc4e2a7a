"""Admits direct messages to the ledger, and replies in the conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions
from bots.i18n import describe_status, refusal, t
from bots.x.client import XClient
from bots.x.listener.context import IntakeContext
from bots.x.models import Message, MessagePage
from bots.x.text import heard
from tasks.models import Job, PaintRequest, PhotoRef, Refused
from tasks.services import Services

# X tells the language of a post, not that of a message.
_SCRIPTS = (
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("hi", re.compile("[\u0900-\u097f]")),
)


class DirectMessages:
    """Handles direct messages between one person and the bot; group conversations are ignored."""

    def __init__(self, services: Services, x: XClient) -> None:
        self._context = IntakeContext.of(services, x)

    def take(self, pages: Iterable[MessagePage]) -> int:
        """Handle all messages of these pages, oldest first; return how many became jobs.

        Everything that was accepted is on disk when this returns. Raises `XError`; then it must be called
        again with the same messages.
        """
        me = self._context.x.me()
        ignored = {me.id, *self._context.x.settings.ignored_accounts}
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
        if self._context.memory.is_handled(event):
            return False
        last = self._context.last_job("x-dm", message.sender)
        options = self._context.paint_options(message.text, message.id, last)
        language = self._context.language(message.sender, language_of_script(message.text))
        admitted = False
        if options.stop:
            self._context.opt_out.stop(message.sender)
            self._context.replies.send_message(message.sender, t(language, "x-message-stopped"))
        elif photos := self._photos(message, options, last):
            admitted = self._admit(message, options, photos, language)
        else:
            self._explain(message, language)
        self._context.memory.handled(event)
        return admitted

    def _photos(
        self, message: Message, options: PaintOptions, last: Job | None
    ) -> tuple[PhotoRef, ...]:
        """Return the photo of the message, or that of the last one where it is only about that."""
        pictures = [media.picture for media in message.media if media.picture]
        if pictures:
            # X carries one picture per message, so that one is painted and sent.
            return (PhotoRef(pictures[0]),)
        return last.request.photos if last and options.explicit and not message.media_keys else ()

    def _admit(
        self, message: Message, options: PaintOptions, photos: tuple[PhotoRef, ...], language: str
    ) -> bool:
        request = PaintRequest(
            platform="x-dm",
            event=message.id,
            person=message.sender,
            conversation=message.conversation,
            photos=photos,
            style=options.style,
            strength=options.strength,
            seed=options.seed,
            language=language,
            private=True,
            address={"to": message.sender},
            words=options.words,
        )
        services = self._context.services
        ledger = services.ledger
        worded = checked(services, request)
        if not isinstance(worded, Refused):
            dropped = bool(request.words) and not worded.words
            said = heard(options, words_dropped=dropped)
            worded = replace(worded, address={**worded.address, **said})
        result = worded if isinstance(worded, Refused) else ledger.admit(worded)
        if isinstance(result, Refused):
            if result.notify:
                self._context.replies.send_message(
                    message.sender, refusal(language, result, ledger.now())
                )
            return False
        if result.duplicate:
            return False
        self._context.replies.send_message(
            message.sender, describe_status(language, ledger.queue_status(result.job_id))
        )
        return True

    def _explain(self, message: Message, language: str) -> None:
        if self._context.memory.claim_daily_refusal(f"dm:{message.sender}"):
            why = "x-no-still" if message.media else "x-message-help"
            self._context.replies.send_message(message.sender, t(language, why))


def language_of_script(text: str) -> str | None:
    """Return the language of a text whose script only one language uses, None for any other."""
    return next((language for language, script in _SCRIPTS if script.search(text)), None)


def _is_between_two(message: Message) -> bool:
    return message.conversation.count("-") == 1
