"""Composes the texts of answers on X, in the person's language and within X's maximum length."""

from __future__ import annotations

import unicodedata
from zlib import crc32

from bots.captions.lexicon import asks_for_change
from bots.captions.parser import PaintOptions
from bots.i18n import apology, negotiate, notes, t, understood
from pipeline.styles import Style
from tasks.models import Answer, Apology, Job

WEIGHT_MAX = 280
"""X's limit; characters outside of the Latin range weigh two."""

_WAYS = 3
"""Number of variants of each text, because X refuses repeated posts."""


HEARD = "heard"
"""Part of a job's address: `STYLE` and `NOT_UNDERSTOOD`, with a space between, where they apply."""
STYLE, NOT_UNDERSTOOD = "style", "not-understood"


def heard(options: PaintOptions, *, words_dropped: bool) -> dict[str, str]:
    """Return the part of a job's address that records how the text was understood.

    In public, people write other things as well, so only a request for a change counts as not understood.
    """
    said = [STYLE] if options.explicit else []
    if words_dropped and asks_for_change(options.words):
        said.append(NOT_UNDERSTOOD)
    return {HEARD: " ".join(said)} if said else {}


def text_of(job: Job, answer: Answer, style: Style | None = None) -> str:
    """Return the sentence that goes with an answer; no @names and no links.

    What was understood stands beside the painting: a post of its own would cost as much as the answer.
    """
    language = job.request.language
    if isinstance(answer, Apology):
        return fitting([apology(language, answer)])
    painted = t(language, "x-painted", way=crc32(job.id.encode()) % _WAYS)
    said, sentences = job.request.address.get(HEARD, "").split(), [painted]
    if NOT_UNDERSTOOD in said:
        sentences.append(t(language, "not-understood"))
    sentences += notes(language, answer.notes)
    if STYLE in said and style is not None:
        sentences.append(understood(language, style, job.request.strength))
    return fitting(sentences)


def alt_text_of(job: Job, style: Style | None) -> str:
    """Return the alt text of a painting."""
    language = job.request.language
    titles = style.title if style else {}
    title = titles.get(negotiate(language)) or titles.get("en") or job.request.style
    return t(language, "x-alt", style=title)


def fitting(sentences: list[str]) -> str:
    """Join as many of these sentences as fit into a post; the first is shortened if necessary."""
    text = sentences[0]
    for sentence in sentences[1:]:
        if weight(f"{text} {sentence}") <= WEIGHT_MAX:
            text = f"{text} {sentence}"
    while weight(text) > WEIGHT_MAX:
        text = f"{text[:-2].rstrip()}…"
    return text


def weight(text: str) -> int:
    """Return how much of X's limit a text takes (X's documentation, "Counting characters")."""
    return sum(1 if _is_light(ord(c)) else 2 for c in unicodedata.normalize("NFC", text))


def _is_light(code: int) -> bool:
    return (
        code <= 0x10FF
        or 0x2000 <= code <= 0x200D
        or 0x2010 <= code <= 0x201F
        or (0x2032 <= code <= 0x2037)
    )
