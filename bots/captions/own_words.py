"""Checks instructions in own words: who may use them, what is allowed, how refusals are counted."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from bots.captions.policy import Category, review
from tasks.models import PaintRequest, Refused
from tasks.services import Services

REFUSED = "own-words"
"""The refusal reason for words that must not reach a model."""

UNREADABLE = "own-words-script"
"""The refusal reason for words in a script that the lists do not cover; it is not counted."""

_REMEMBERED_S = 86_400.0


def checked(services: Services, request: PaintRequest) -> PaintRequest | Refused:
    """Return the request as it may be admitted, or a refusal of its own words.

    Call it before anything is downloaded or admitted, so that a refusal costs nothing. The words of a
    person who may not use own words are dropped. From the second refusal within a day on, each one counts
    like a refused photo.
    """
    if not request.words:
        return request
    tier = services.users.tier(request.platform, request.person)
    if not services.settings.allows_own_words(request.platform, tier):
        return replace(request, words="")
    category = review(request.words)
    if category is None:
        return request
    if category is Category.UNREADABLE:
        return Refused(UNREADABLE, 0.0, notify=_may_tell(services, request))
    _count(services, request)
    return Refused(REFUSED, 0.0, notify=_may_tell(services, request))


def _count(services: Services, request: PaintRequest) -> None:
    memory, person = services.kv("own-words"), _pseudonym(services, request)
    event = hashlib.sha256(request.event.encode("utf-8", "replace")).hexdigest()[:32]
    if not memory.set_if_absent(f"event:{person}:{event}", "1", _REMEMBERED_S):
        return
    if memory.increment(f"refused:{person}", 1, _REMEMBERED_S) > 1:
        services.users.strike(request.platform, request.person)


def _may_tell(services: Services, request: PaintRequest) -> bool:
    silence_s = services.settings.refusal_silence_s
    key = f"told:{_pseudonym(services, request)}"
    return silence_s <= 0 or services.kv("own-words").set_if_absent(key, "1", silence_s)


def _pseudonym(services: Services, request: PaintRequest) -> str:
    return services.users.pseudonym(request.platform, request.person)
