"""Refusals, apologies, notes and the state of the queue as sentences, the same on every platform."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bots.i18n.translate import NoSuchPhrase, t
from pipeline.styles import Style
from tasks.models import Apology, QueueStatus, Refused, Stage


def refusal(language: str, refused: Refused, now: float) -> str:
    """Return why a request was refused and when to come back. `now`: seconds since the epoch."""
    wait_s = max(0, math.ceil(refused.until - now)) if refused.until else 0
    return t(language, f"refused-{refused.reason}", wait_s=wait_s)


def apology(language: str, apology: Apology) -> str:
    """Return why there is no painting, and whether the request counts against the limits."""
    try:
        sentence = t(language, f"apology-{apology.reason}", **apology.facts)
    except NoSuchPhrase:
        # Not the photo's fault, or a plugin has a reason that has no sentence here.
        sentence = t(language, "apology-our-fault")
    return f"{sentence} {t(language, 'apology-refunded')}" if apology.refunded else sentence


def notes(language: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Return one sentence for each note that accompanies a painting."""
    return tuple(t(language, f"note-{code}") for code in codes)


def understood(language: str, style: Style, strength: float) -> str:
    """Return how the bot understood a person's own words: a style and a strength, 0..1."""
    title = style.title.get(language) or style.title.get("en") or style.name
    return t(language, "understood", style=title, strength=strength)


def describe_status(language: str, status: QueueStatus) -> str:
    """Return the status of an open job in one line: '3rd in line, about 20 seconds'."""
    if status.paused:
        return t(language, "status-paused")
    if status.stage is Stage.DELIVER:
        return t(language, "status-deliver")
    if status.position > 1:
        return t(language, "status-queued", position=status.position, wait_s=status.wait_s)
    if status.position == 1 and status.stage is Stage.RENDER:
        return t(language, "status-next", wait_s=status.wait_s)
    if status.stage is Stage.FETCH:
        return t(language, "status-fetch")
    return t(language, "status-painting", progress=round(status.progress, 2))
