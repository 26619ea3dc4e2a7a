"""Which language to speak, and when a standing reads different."""

from __future__ import annotations

from bots.phrases import negotiate
from bots.telegram.chats import Chats
from bots.telegram.origin import Origin
from tasks.contract import Stage, Standing


def language_of(origin: Origin, chats: Chats) -> str:
    """Return the language to speak: the chosen one, else the app's, else English."""
    return chats.language(origin.person) or negotiate(origin.language)


def standing_code(standing: Standing) -> str:
    """Name what a person would be told; small changes of the wait are not worth an edit."""
    if standing.outcome is not None:
        return f"ended:{standing.outcome.value}"
    if standing.stage is Stage.DELIVER:
        return "delivering"
    if standing.position == 0:
        return f"{standing.stage}:at-work:{round(standing.progress * 4)}"
    return f"{standing.stage}:{standing.position}:{round(standing.wait_s / 10)}"
