"""Parses a caption or post into paint options, for every platform and in all languages at once.

The only text of a person that leaves this module is `PaintOptions.words`. It must pass
`bots.captions.own_words.checked` before it is used.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from bots.captions.lexicon import Lexicon, Token, without
from pipeline.styles import Style
from tasks.models import WORDS_MAX

STRENGTH_STEP = 0.2

_TEXT_MAX = 1_000

_EDGES = " \t\n.,;:!?-–—、。।…\"'“”„«»()[]"
"""Characters that are stripped from both ends after commands were removed from a sentence."""

_UNKNOWN_WORDS_MAX = 4.0
"""With more unknown words than this, a bare 'again' or 'stronger' is not taken as a command."""

_GAP = 3
"""Maximum number of tokens between 'strength' or 'seed' and its number."""


@dataclass(frozen=True, slots=True)
class PaintOptions:
    """How to paint a photo, or what to do about an earlier painting."""

    style: str = "film"
    strength: float = 0.6
    seed: int | None = None
    reroll: bool = False
    """True for another painting of the same photo: use `fresh_seed` if `seed` is None."""
    stop: bool = False
    """The text says 'stop' and nothing else."""
    explicit: bool = False
    """True if the text named at least one of the above; otherwise all are as in the default."""
    words: str = ""
    """The rest of the text, as an instruction for a model; not checked yet."""


def fresh_seed(event: str) -> int:
    """Return a seed for 'again', 0..2^31-1; the same event always gives the same seed."""
    digest = hashlib.sha256(event.encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:4], "big") & 0x7FFF_FFFF


def parse(text: str, default: PaintOptions, styles: Mapping[str, Style]) -> PaintOptions:
    """Parse a text of any language; options that it does not name stay as in `default`.

    `default` is the person's usual style, or how the painting that is replied to was made.
    """
    lexicon = _lexicon(tuple((style.name, _names(style)) for style in styles.values()))
    tokens = list(lexicon.tokens(text[:_TEXT_MAX]))
    if _only_stop(tokens):
        return replace(default, reroll=False, stop=True, explicit=True)
    style, strength, seed = _style(tokens), _strength(tokens, default.strength), _seed(tokens)
    again = _commanded(tokens, "again")
    return PaintOptions(
        style=style or default.style,
        strength=default.strength if strength is None else strength,
        seed=default.seed if seed is None and not again else seed,
        reroll=again,
        explicit=again or any(named is not None for named in (style, strength, seed)),
        words=_joined(default.words, _own_words(text[:_TEXT_MAX], tokens)),
    )


def _own_words(text: str, tokens: Sequence[Token]) -> str:
    """Return the rest of a text after its commands were removed."""
    used = _used(tokens)
    left = [token for at, token in enumerate(tokens) if at not in used]
    if all(token.kind not in {"word", "style"} for token in left):
        return ""
    spans = ((tokens[at].start, tokens[at].end) for at in used)
    return without(text, spans).strip(_EDGES)


def _joined(before: str, words: str) -> str:
    """Append words to those of the earlier painting; if it gets too long, drop the oldest."""
    if not words:
        return before
    joined = f"{before}; {words}" if before else words
    if len(joined) <= WORDS_MAX:
        return joined
    if len(words) >= WORDS_MAX:
        return words[:WORDS_MAX].rsplit(" ", 1)[0]
    return joined[-WORDS_MAX:].partition(" ")[2] or words


def _used(tokens: Sequence[Token]) -> set[int]:
    """Return the indexes of the tokens that were used as commands."""
    used: set[int] = set()
    for at, token in enumerate(tokens):
        if token.kind == "style" and (token.tagged or _is_meant(tokens, at)):
            cues = {near for near in (at - 1, at + 1) if _is_kind(tokens, near, "cue")}
            used |= {at, *cues}
        elif token.kind in {"again", "stronger", "softer"} and _commanded(tokens, token.kind):
            used.add(at)
        elif token.kind == "number" and _is_kind(tokens, at + 1, "percent"):
            used |= {at, at + 1}
        elif token.kind in {"strength", "seed"}:
            numbers = (
                near for near in range(at + 1, at + 1 + _GAP) if _is_kind(tokens, near, "number")
            )
            used.update(range(at, next(numbers, at) + 1))
    return used


def _is_kind(tokens: Sequence[Token], at: int, kind: str) -> bool:
    return 0 <= at < len(tokens) and tokens[at].kind == kind


@lru_cache(maxsize=8)
def _lexicon(styles: tuple[tuple[str, tuple[str, ...]], ...]) -> Lexicon:
    return Lexicon(styles)


def _names(style: Style) -> tuple[str, ...]:
    return (*style.aliases, *style.title.values())


def _only_stop(tokens: Sequence[Token]) -> bool:
    kinds = {token.kind for token in tokens}
    return "stop" in kinds and kinds <= {"stop", "filler"}


def _unknown(tokens: Sequence[Token]) -> float:
    return sum(token.weight for token in tokens if token.kind == "word")


def _commanded(tokens: Sequence[Token], kind: str) -> bool:
    said = [token for token in tokens if token.kind == kind]
    first = next((token for token in tokens if token.kind != "filler"), None)
    return (
        any(token.tagged for token in said)
        or (bool(said) and _unknown(tokens) <= _UNKNOWN_WORDS_MAX)
        or (kind == "again" and first is not None and first.kind == kind and not first.everyday)
    )


def _style(tokens: Sequence[Token]) -> str | None:
    """Return the first style written as a hashtag, else the first one used as a command."""
    named = [(at, token) for at, token in enumerate(tokens) if token.kind == "style"]
    tagged = [token.value for _, token in named if token.tagged]
    meant = [token.value for at, token in named if _is_meant(tokens, at)]
    return next(iter((*tagged, *meant)), None)


def _is_meant(tokens: Sequence[Token], at: int) -> bool:
    """Return whether a style's name is a command: 'in night style' is, 'what a night' is not."""
    around = (*tokens[max(0, at - 1) : at], *tokens[at + 1 : at + 2])
    return (
        not tokens[at].everyday
        or any(token.kind == "cue" for token in around)
        or _unknown(tokens) == 0
    )


def _strength(tokens: Sequence[Token], default: float) -> float | None:
    """Return the strength given as a number, else the default plus or minus a step, else None."""
    for at, token in enumerate(tokens):
        if token.kind == "number" and tokens[at + 1 : at + 2] == [Token("percent")]:
            return min(1.0, float(token.value) / 100)
    if (value := _number_after(tokens, "strength")) is not None:
        return min(1.0, value if value <= 1 else value / 100)
    steps = _commanded(tokens, "stronger") - _commanded(tokens, "softer")
    return round(min(1.0, max(0.0, default + steps * STRENGTH_STEP)), 2) if steps else None


def _seed(tokens: Sequence[Token]) -> int | None:
    value = _number_after(tokens, "seed")
    return None if value is None else int(value) & 0x7FFF_FFFF


def _number_after(tokens: Sequence[Token], label: str) -> float | None:
    for at, token in enumerate(tokens):
        if token.kind == label:
            near = tokens[at + 1 : at + 1 + _GAP]
            return next((float(each.value) for each in near if each.kind == "number"), None)
    return None
