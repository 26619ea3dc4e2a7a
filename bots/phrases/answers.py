"""Refusals, apologies, notes and standings -> sentences, the same on every platform."""

from __future__ import annotations

import math
from collections.abc import Iterable

from bots.phrases.speech import NoSuchPhrase, say
from tasks.contract import Apology, Refused, Stage, Standing


def refusal(language: str, refused: Refused, now: float) -> str:
    """Say why an ask was not accepted and when to come back. `now`: seconds since the epoch."""
    wait_s = max(0, math.ceil(refused.until - now)) if refused.until else 0
    return say(language, f"refused-{refused.reason}", wait_s=wait_s)


def apology(language: str, apology: Apology) -> str:
    """Say why there is no painting, and that it did not count where that is so."""
    try:
        sentence = say(language, f"apology-{apology.reason}", **apology.facts)
    except NoSuchPhrase:
        # The photo is not at fault, or an extension has reasons that this version does not know.
        sentence = say(language, "apology-our-fault")
    return f"{sentence} {say(language, 'apology-refunded')}" if apology.refunded else sentence


def notes(language: str, codes: Iterable[str]) -> tuple[str, ...]:
    """Return one sentence per note that a painting comes with."""
    return tuple(say(language, f"note-{code}") for code in codes)


def standing(language: str, standing: Standing) -> str:
    """Say in a line where an open job stands: '3rd in line, about 20 seconds'."""
    if standing.stage is Stage.DELIVER:
        return say(language, "standing-deliver")
    if standing.position > 1:
        return say(language, "standing-line", position=standing.position, wait_s=standing.wait_s)
    if standing.position == 1 and standing.stage is Stage.RENDER:
        return say(language, "standing-next", wait_s=standing.wait_s)
    if standing.stage is Stage.FETCH:
        return say(language, "standing-fetch")
    return say(language, "standing-painting", progress=round(standing.progress, 2))
