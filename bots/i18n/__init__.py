"""The bot's sentences in all languages: `t` for any one, `messages` for those of all platforms."""

from __future__ import annotations

from bots.i18n.messages import apology, describe_status, notes, refusal, understood
from bots.i18n.translate import NoSuchPhrase, languages, negotiate, t

__all__ = [
    "NoSuchPhrase",
    "apology",
    "describe_status",
    "languages",
    "negotiate",
    "notes",
    "refusal",
    "t",
    "understood",
]
