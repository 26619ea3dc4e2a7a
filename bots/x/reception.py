"""What takes in mentions and messages alike: an ear for wishes, memory, a voice, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from bots.asks import Wish, fresh_seed, parse
from bots.phrases import languages
from bots.x.api import X
from bots.x.leaving import NAMES, Leaving
from bots.x.memory import Memory
from bots.x.voice import Voice
from pipeline.styles import Style, load_styles
from tasks.contract import Job
from tasks.services import Services


@dataclass(frozen=True, slots=True)
class Reception:
    """Where what people say arrives, whichever way it came."""

    services: Services
    x: X
    memory: Memory
    voice: Voice
    leaving: Leaving
    styles: Mapping[str, Style]

    @classmethod
    def of(cls, services: Services, x: X) -> Reception:
        """Set one up over the ledger and the port to X."""
        memory = Memory(services.notebook("x"), services.settings.job_retention_s)
        voice = Voice(x, memory, services.pacer("x"))
        return cls(services, x, memory, voice, Leaving(services, memory), load_styles())

    def heard(self, words: str, event: str, about: Job | None = None) -> Wish:
        """Understand words, said about an earlier job or about none; 'again' varies that one."""
        before = Wish(about.ask.style, about.ask.strength, about.ask.seed) if about else Wish()
        wish = parse(words, before, self.styles)
        if about and wish.again and wish.seed == before.seed:
            return replace(wish, seed=fresh_seed(event))
        return wish

    def language(self, person: str, said: str | None) -> str:
        """Return the language of what was said, else the one in which this person spoke before.

        `said` is None, or one that the bot does not speak, where X or the script does not tell: a bare
        name and a photo have no language.
        """
        if said in languages():
            return said
        before = (job.ask.language for name in NAMES if (job := self.last_job(name, person)))
        return next((each for each in before if each in languages()), said or "en")

    def last_job(self, platform: str, person: str) -> Job | None:
        """Return the newest job that the ledger still has of a person."""
        return self.services.ledger.latest_job(platform, person)
