"""Everything the bot says, by language: `say` for one phrase, `answers` for what all platforms say."""

from __future__ import annotations

from bots.phrases.answers import apology, notes, refusal, standing
from bots.phrases.speech import NoSuchPhrase, languages, negotiate, say

__all__ = [
    "NoSuchPhrase",
    "apology",
    "languages",
    "negotiate",
    "notes",
    "refusal",
    "say",
    "standing",
]
