"""Splits captions into tokens: the bot's keywords in all languages, numbers, unknown words."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

# Scripts that put no spaces between words: kana, Chinese characters, Hangul.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af"

_NOISE = re.compile(r"https?://\S+|www\.\S+|@[a-z0-9_]+")

_NO_POINT = re.compile(r"(?<!\d)[.,]|[.,](?!\d)")

_SEAM = re.compile(rf"(?<=[{_UNSPACED}])(?=[^{_UNSPACED} ])|(?<=[^{_UNSPACED} #])(?=[{_UNSPACED}])")

# Accents of Latin letters and the dot below Devanagari letters are often omitted; the rest modifies emoji.
_DROPPED = re.compile("[\u0300-\u036f\u093c\ufe00-\ufe0f\u20e3]")


@dataclass(frozen=True, slots=True)
class Token:
    """A known phrase, a number or an unknown word."""

    kind: str
    """`style`, a section of a keywords.toml, `number` or `word`."""
    value: str = ""
    """The name of a style or the digits of a number; never other text of the person."""
    tagged: bool = False
    """True if it was written as a hashtag."""
    everyday: bool = False
    """True if people often write it without addressing the bot."""
    weight: float = 1.0
    """Its length in words; a character of an unspaced script counts as a third of a word."""
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    """`start` and `end`: its position in the plain text."""


def plain(text: str) -> str:
    """Return the text in one case and width, without accents, mentions, links and punctuation."""
    letters = _DROPPED.sub("", unicodedata.normalize("NFKD", text)).casefold()
    text = _NOISE.sub(" ", unicodedata.normalize("NFKC", letters))
    text = "".join(map(_kept, _NO_POINT.sub(" ", text)))
    return " ".join(_SEAM.sub(" ", text).split())


def without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Return a text without the parts at these positions of `plain(text)`, otherwise unchanged.

    A word that loses a part is returned in plain form; mentions, links and emoji are removed.
    """
    gone = {at for start, end in spans for at in range(start, end)}
    left: list[str] = []
    position = 0
    for chunk in text.split():
        letters = plain(chunk)
        places = range(position, position + len(letters))
        if not letters:
            continue
        position += len(letters) + 1
        if gone.isdisjoint(places):
            left.append(_NOISE.sub("", chunk).lstrip("#"))
        else:
            kept = (
                char if at not in gone else " " for at, char in zip(places, letters, strict=True)
            )
            left += "".join(kept).replace("#", " ").split()
    return " ".join(left)


def _kept(character: str) -> str:
    if character in "#%.":
        return character
    if character == ",":
        return "."
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return character if category[0] in "LMN" else " "


@lru_cache(maxsize=1)
def keywords() -> Mapping[str, tuple[str, ...]]:
    """Return the phrases of all languages by section of their keywords.toml."""
    sections: dict[str, tuple[str, ...]] = {}
    for folder in files("bots.i18n").iterdir():
        if (file := folder / "keywords.toml").is_file():
            for kind, phrases in tomllib.loads(file.read_text("utf-8")).items():
                sections[kind] = sections.get(kind, ()) + tuple(phrases)
    return sections


_CHANGE = "change"


def asks_for_change(text: str) -> bool:
    """Return whether a text asks to change what is in the photo, e.g. 'remove the car'."""
    return _changes().search(plain(text)) is not None


@lru_cache(maxsize=1)
def _changes() -> re.Pattern[str]:
    phrases = [plain(phrase) for phrase in keywords()[_CHANGE]]
    spaced = _either(each for each in phrases if not re.match(f"[{_UNSPACED}]", each))
    unspaced = _either(each for each in phrases if re.match(f"[{_UNSPACED}]", each))
    return re.compile(rf"(?<![^ #])(?:{spaced})(?![^ ])|{unspaced}")


class Lexicon:
    """All phrases that the bot knows: the names of the styles and the keywords of all languages."""

    def __init__(self, styles: Iterable[tuple[str, Sequence[str]]]) -> None:
        sections = dict(keywords())
        self._everyday = frozenset(map(_key, sections.pop("everyday")))
        sections.pop(_CHANGE)  # no command: heard in what is left of a text
        self._known: dict[str, tuple[str, str]] = {}
        for kind, phrases in sections.items():
            self._known |= {_key(phrase): (kind, "") for phrase in phrases}
        named = [(phrase, name) for name, phrases in styles for phrase in (name, *phrases)]
        self._known |= {_key(phrase): ("style", name) for phrase, name in named}
        spoken = [phrase for phrases in sections.values() for phrase in phrases]
        self._pattern = _pattern([*spoken, *(phrase for phrase, _ in named)], sections["cue"])

    def tokens(self, text: str) -> Iterator[Token]:
        """Return the tokens of a text, in order."""
        for match in self._pattern.finditer(plain(text)):
            span = match.span()
            if phrase := match["spaced"] or match["unspaced"]:
                key = phrase.replace(" ", "")
                kind, value = self._known[key]
                tagged, everyday = match["tag"] is not None, key in self._everyday
                yield Token(kind, value, tagged, everyday, 1.0, *span)
            elif (digits := match["number"]) is not None:
                yield Token("number", digits, False, False, 1.0, *span)
            elif match["percent"] is not None:
                yield Token("percent", "", False, False, 1.0, *span)
            elif (word := match["word"]) is not None:
                weight = 1 / 3 if re.match(f"[{_UNSPACED}]", word) else 1.0
                yield Token("word", "", False, False, weight, *span)


def _key(phrase: str) -> str:
    return plain(phrase).replace(" ", "")


def _pattern(phrases: Iterable[str], cues: Iterable[str]) -> re.Pattern[str]:
    """Match a phrase, longest first, else a number, a percent sign or a word."""
    longest_first = sorted({plain(phrase) for phrase in phrases} - {""}, key=len, reverse=True)
    spaced = _either(each for each in longest_first if not re.match(f"[{_UNSPACED}]", each))
    unspaced = _either(each for each in longest_first if re.match(f"[{_UNSPACED}]", each))
    glued = _either(map(plain, cues))
    return re.compile(
        rf"(?P<tag>\#)?(?:(?<![^ #%])(?P<spaced>{spaced})(?:{glued})?(?![^ #%])"
        rf"|(?P<unspaced>{unspaced}))"
        rf"|(?P<number>\d{{1,15}}(?:\.\d{{1,6}})?)|(?P<percent>%)|(?P<word>[{_UNSPACED}]|[^ #%{_UNSPACED}]+)"
    )


def _either(phrases: Iterable[str]) -> str:
    return "|".join(re.escape(phrase).replace(r"\ ", " ?") for phrase in phrases) or r"(?!)"
