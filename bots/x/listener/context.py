"""Shared by mentions and direct messages: paint options, languages, replies and the opt-out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.i18n import languages
from bots.x.client import XClient
from bots.x.errors import XError, XRefused
from bots.x.models import Post
from bots.x.store import Memory
from pipeline.styles import Style, load_styles
from tasks.models import Job, RateLimit
from tasks.rate_limit import RateLimiter
from tasks.services import Services

_KEPT_FOR_ANSWERS = 0.5
"""Share of X's limits that is reserved for paintings when texts are sent."""

_log = structlog.get_logger()


class Replies:
    """Sends short texts if the settings allow it. Paintings have priority; a failure is only logged."""

    def __init__(self, x: XClient, memory: Memory, limiter: RateLimiter) -> None:
        self._x = x
        self._memory = memory
        self._limiter = limiter

    def refuse(self, post: Post, sentence: str, is_summoned: bool = True) -> None:
        """Reply to a mention that will not be painted, at most once per person and day.

        `is_summoned`: see `XClient.reply`. A sentence that X knows from the day before counts as said: it is
        not said in other words.
        """
        if not self._x.settings.say_refusals or self._memory.was_refused_today(post.author):
            return
        if not self._has_slot("x", self._x.settings.posts):
            return
        if self._memory.claim_daily_refusal(post.author):
            self._try(
                "refusal",
                lambda: self._x.reply(post.id, sentence, spare=True, is_summoned=is_summoned),
            )

    def send_message(self, person: str, sentence: str) -> None:
        """Send a direct message, if X's few messages leave a slot for it."""
        if self._has_slot("x-dm", self._x.settings.messages):
            self._try("message", lambda: self._x.send_message(person, sentence, spare=True))

    def _has_slot(self, name: str, limit: RateLimit) -> bool:
        return self._limiter.take([(name, limit)], reserve=_KEPT_FOR_ANSWERS) == 0

    def _try(self, what: str, send: Callable[[], str]) -> None:
        try:
            send()
        except XError as error:
            _log.info("sentence_not_sent", what=what, detail=error.detail)


PLATFORMS = ("x", "x-dm")
"""The platforms on which a person of X is known."""


class OptOut:
    """Handles 'stop': the person's photos are not painted any more. May be called again."""

    def __init__(self, services: Services, memory: Memory) -> None:
        self._services = services
        self._memory = memory

    def stop(self, person: str, said_under: str | None = None) -> None:
        """Forget the person and keep the opt-out; answers that show their photos are deleted from X.

        `said_under` is the answer that the person replied to, where there is one.
        """
        shown = set(self._memory.answers_showing(person))
        if said_under is not None and self._concerns(person, said_under):
            shown.add(said_under)
        # The ledger finds the answers of its jobs; these may stand though their jobs do not know it yet.
        for answer in sorted(shown):
            self._services.retractions.add("x", answer)
        self._memory.forget(person, shown)
        for name in PLATFORMS:
            self._services.users.forget(name, person, opt_out=True)
        _log.info("person_opted_out", answers=len(shown))

    def _concerns(self, person: str, answer: str) -> bool:
        """Only who asked for a painting, and whose photo it shows, may have it removed."""
        job = self._services.ledger.find_job(self._memory.job_of(answer) or "")
        return job is not None and person in owners_of(job)


def owners_of(job: Job) -> set[str]:
    """Return the people who may have a painting removed: its requester and the owners of its photos."""
    return {job.request.person, *(photo.owner for photo in job.request.photos if photo.owner)}


def delete_answer(x: XClient, answer: str) -> None:
    """Delete an answer; one that is gone already counts as deleted. Raises `XError`."""
    try:
        x.delete(answer)
    except XRefused as error:
        _log.info("answer_gone_already", answer=answer, detail=error.detail)


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """The dependencies of `Mentions` and `DirectMessages`, for polling and webhooks."""

    services: Services
    x: XClient
    memory: Memory
    replies: Replies
    opt_out: OptOut
    styles: Mapping[str, Style]

    @classmethod
    def of(cls, services: Services, x: XClient) -> IntakeContext:
        """Set one up over the ledger and X."""
        memory = Memory(services.kv("x"), services.settings.job_retention_s)
        replies = Replies(x, memory, services.rate_limiter("x"))
        return cls(services, x, memory, replies, OptOut(services, memory), load_styles())

    def paint_options(self, text: str, event: str, about: Job | None = None) -> PaintOptions:
        """Parse a text about an earlier job, or about none; 'again' takes another seed than that one."""
        before = (
            PaintOptions(
                about.request.style,
                about.request.strength,
                about.request.seed,
                words=about.request.words,
            )
            if about
            else PaintOptions()
        )
        options = parse(text, before, self.styles)
        if about and options.reroll and options.seed == before.seed:
            return replace(options, seed=fresh_seed(event))
        return options

    def language(self, person: str, said: str | None) -> str:
        """Return the language of a text, else the one of this person's last job.

        `said` is None or unsupported when neither X nor the script reveals the language (e.g. only a mention
        and a photo).
        """
        if said in languages():
            return said
        before = (
            job.request.language for name in PLATFORMS if (job := self.last_job(name, person))
        )
        return next((each for each in before if each in languages()), said or "en")

    def last_job(self, platform: str, person: str) -> Job | None:
        """Return the newest job that the ledger still has of a person."""
        return self.services.ledger.latest_job(platform, person)
