"""What takes in mentions and messages alike: an ear for wishes, memory, a voice, and the way out.

What the bot says on X beside its paintings: little, at most once a day to anybody, never twice.

'stop': a person's photos are left alone from now on, and answers that show them are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import structlog

from bots.captions.parser import PaintOptions, fresh_seed, parse
from bots.i18n import languages
from bots.x.client import XClient
from bots.x.errors import XFault, XRefused
from bots.x.models import Post
from bots.x.store import Memory
from pipeline.styles import Style, load_styles
from tasks.models import Job, RateLimit
from tasks.rate_limit import RateLimiter
from tasks.services import Services

_KEPT_FOR_ANSWERS = 0.5

_log = structlog.get_logger()


class Replies:
    """Says one sentence where that is allowed; paintings go first, and silence costs nothing."""

    def __init__(self, x: XClient, memory: Memory, pacer: RateLimiter) -> None:
        self._x = x
        self._memory = memory
        self._pacer = pacer

    def refuse(self, post: Post, sentence: str) -> None:
        """Reply to a mention that will not be painted, at most once per person and day."""
        if not self._x.settings.say_refusals or self._memory.was_told(post.author):
            return
        if self._has_room("x", self._x.settings.posts) and self._memory.may_tell(post.author):
            self._say_once(lambda: self._x.reply(post.id, sentence), "refusal not said")

    def tell(self, person: str, sentence: str) -> None:
        """Send a direct message, if X's few messages leave room for it."""
        if self._has_room("x-dm", self._x.settings.messages):
            self._say_once(lambda: self._x.send_message(person, sentence), "message not sent")

    def _has_room(self, limit: str, quota: RateLimit) -> bool:
        return self._pacer.take([(limit, quota)], reserve=_KEPT_FOR_ANSWERS) == 0

    def _say_once(self, say: Callable[[], str], trouble: str) -> None:
        try:
            say()
        except XFault as fault:
            _log.info(trouble, fault=type(fault).__name__, detail=fault.detail)


NAMES = ("x", "x-dm")
"""The platforms on which a person of X is known."""


class OptOut:
    """Carries out a 'stop'; saying it again is harmless."""

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
        for name in NAMES:
            self._services.users.forget(name, person, opt_out=True)
        _log.info("person_opted_out", answers=len(shown))

    def _concerns(self, person: str, answer: str) -> bool:
        """Only who asked for a painting, and whose photo it shows, may have it removed."""
        job = self._services.ledger.find_job(self._memory.job_of(answer) or "")
        return job is not None and person in owners_of(job)


def owners_of(job: Job) -> set[str]:
    """Return who has a say about a painting: who asked for it and whose photos it shows."""
    return {job.request.person, *(photo.owner for photo in job.request.photos if photo.owner)}


def take_back(x: XClient, answer: str) -> None:
    """Delete an answer; one that is gone already counts as deleted. Raises `XFault`."""
    try:
        x.delete(answer)
    except XRefused as fault:
        _log.info("answer not deleted", answer=answer, detail=fault.detail)


@dataclass(frozen=True, slots=True)
class IntakeContext:
    """Where what people say arrives, whichever way it came."""

    services: Services
    x: XClient
    memory: Memory
    voice: Replies
    leaving: OptOut
    styles: Mapping[str, Style]

    @classmethod
    def of(cls, services: Services, x: XClient) -> IntakeContext:
        """Set one up over the ledger and the port to X."""
        memory = Memory(services.kv("x"), services.settings.job_retention_s)
        voice = Replies(x, memory, services.rate_limiter("x"))
        return cls(services, x, memory, voice, OptOut(services, memory), load_styles())

    def heard(self, words: str, event: str, about: Job | None = None) -> PaintOptions:
        """Understand words, said about an earlier job or about none; 'again' varies that one."""
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
        wish = parse(words, before, self.styles)
        if about and wish.reroll and wish.seed == before.seed:
            return replace(wish, seed=fresh_seed(event))
        return wish

    def language(self, person: str, said: str | None) -> str:
        """Return the language of what was said, else the one in which this person spoke before.

        `said` is None, or one that the bot does not speak, where X or the script does not tell: a bare
        name and a photo have no language.
        """
        if said in languages():
            return said
        before = (job.request.language for name in NAMES if (job := self.last_job(name, person)))
        return next((each for each in before if each in languages()), said or "en")

    def last_job(self, platform: str, person: str) -> Job | None:
        """Return the newest job that the ledger still has of a person."""
        return self.services.ledger.latest_job(platform, person)
