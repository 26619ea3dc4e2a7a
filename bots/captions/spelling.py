"""Undoes disguised spelling: lookalike letters, digits for letters, spaces inside words, repeated letters.

The result is only for matching against lists and is never shown. Sources: Unicode UAX 15 (NFKC), UTS 39
(confusable characters; lookalikes.toml holds the part that matters for Latin, kana and Devanagari).
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import groupby

UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and Chinese characters, which are written without spaces between words."""

# Marks that decorate a letter. Vowel signs of Devanagari and the voicing marks of kana stay.
_DECORATION = re.compile(
    "[\u0300-\u036f\u0489\u093c\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f]"
)
# Unicode gives each Indic script a block of 128 characters with the same letters at the same offsets.
_INDIC_BLOCKS = range(0x0980, 0x0D80)
_DEVANAGARI = 0x0900

_DIGIT_LETTERS = str.maketrans("0134578@$€!|+¡£", "oieastbaseiitil")
_OTHER_DIGIT_LETTERS = str.maketrans("1!|692¢(<", "lllggzccc")
# Python's \w does not match the vowel signs of Devanagari.
_LETTER = "(?:[^\\W_]|[\u0900-\u0963\u0971-\u097f])"
_SIGN = "[@$€!|+¡£¢(<]"
_LAST_SIGN = "[@$€£]"
_IN_WORD = re.compile(f"{_SIGN}*{_LETTER}+(?:(?:{_SIGN}|\\*)+{_LETTER}+)*{_LAST_SIGN}*")
_FLAG_LETTERS = {0x1F1E6 + at: ord("a") + at for at in range(26)}
"""Letters from which flags are made, and which people use as letters."""
_BESIDE_UNSPACED = re.compile(f"(?<=[{UNSPACED}])(?=[a-z])|(?<=[a-z])(?=[{UNSPACED}])")
_BETWEEN = re.compile("[^\\w\u0900-\u0963\u0971-\u097f]+|_+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MARGIN = 3
"""A run of single letters is also read with up to `_MARGIN - 1` letters removed at either end."""
_REPEATED = re.compile(r"(.)\1{2,}")
_DOUBLED = re.compile(r"(.)\1+")

_SHORT_VOWELS = str.maketrans("ीूईऊँषणॉऑ", "िुइउंशनाआ")
_NASAL = re.compile("(?:न्(?=[क-ह])|म्(?=[पफबभम]))")
_SYLLABLE = re.compile("(?:[क-ह]्)*[अ-ह]?[ँ-ः\u093e-\u094d]*")

_SEPARATORS = re.compile(rf"(?<=[{UNSPACED}])[\W_]+(?=[{UNSPACED}])")
_NUMBER_SEPARATORS = re.compile(rf"(?<=[{UNSPACED}0-9])[\W_]+(?=[{UNSPACED}0-9])")
_DASH = re.compile("(?<=[\u30a0-\u30ff])[-一—―‐−~〜\u2500]+(?=[\u30a0-\u30ff])")
_LONG = re.compile("ー+")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, or several pieces that were read as one word."""

    readings: frozenset[str]
    """All folded spellings that it may represent."""
    tagged: bool = False
    """True for a part of a hashtag, where words are written together."""

    @property
    def masked(self) -> frozenset[str]:
        """Return the readings in which asterisks hide letters."""
        return frozenset(reading for reading in self.readings if "*" in reading)


@lru_cache(maxsize=1)
def _lookalikes() -> tuple[dict[int, str], dict[int, str]]:
    text = (files("bots.captions") / "policies" / "lookalikes.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    latin, kana = (
        {ord(each): letter for letter, others in tables[name].items() for each in others}
        for name in ("latin", "kana")
    )
    return latin, kana


def fold(text: str) -> str:
    """Return the text in one case and width, without decoration, in the scripts that the lists use."""
    text = unicodedata.normalize("NFKC", text.translate(_FLAG_LETTERS)).casefold()
    text = unicodedata.normalize("NFKD", text)
    text = unicodedata.normalize("NFC", _DECORATION.sub("", text))
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    latin, kana = _lookalikes()
    text = "".join(map(_devanagari, text.translate(latin)))
    text = _beside_katakana(text, kana)
    return _NASAL.sub("ं", text.translate(_SHORT_VOWELS))


def _devanagari(char: str) -> str:
    code = ord(char)
    if code not in _INDIC_BLOCKS:
        return char
    return chr(_DEVANAGARI + (code & 0x7F))


def _beside_katakana(text: str, kana: dict[int, str]) -> str:
    """Read Chinese characters that look like katakana as katakana, but only beside katakana."""
    chars = list(text)
    for at in (*range(len(chars)), *reversed(range(len(chars)))):
        char = chars[at]
        around = "".join(chars[max(0, at - 1) : at] + chars[at + 1 : at + 2])
        if ord(char) in kana and re.search("[\u30a1-\u30fa]", around):
            chars[at] = kana[ord(char)]
    return "".join(chars)


@lru_cache(maxsize=4096)
def hiragana(text: str) -> str:
    """Return folded text with katakana as hiragana, without length marks and small letters."""
    text = re.sub("[\u30a1-\u30f6]", lambda found: chr(ord(found[0]) - 0x60), text)
    return text.translate(str.maketrans("ぁぃぅぇぉっゃゅょ", "あいうえおつやゆよ", "ー"))


def unspaced_forms(text: str) -> tuple[str, ...]:
    """Return folded text without separators between kana and Chinese characters, as it may be meant."""
    joined = _LONG.sub("ー", _SEPARATORS.sub("", text))
    dashed = _LONG.sub("ー", _SEPARATORS.sub("", _DASH.sub("ー", text)))
    squeezed = re.sub(rf"([{UNSPACED}])\1{{2,}}", r"\1", joined)
    numbers = _LONG.sub("ー", _NUMBER_SEPARATORS.sub("", text))
    return tuple(dict.fromkeys((joined, dashed, squeezed, numbers)))


def views(text: str) -> Iterator[tuple[Word, ...]]:
    """Yield the words of a text as written, and again with the pieces of spaced words joined."""
    chunks = [chunk for chunk in re.split(r"[\s\u3000]+", text) if chunk]
    words = tuple(word for chunk in chunks for word in _words(chunk))
    whole = [_word(_BETWEEN.sub("", fold(chunk)), chunk.startswith("#")) for chunk in chunks]
    yield from dict.fromkeys(
        (words, tuple(word for word in whole if word.readings), tuple(_joined(words)))
    )


def _words(chunk: str) -> Iterator[Word]:
    tagged = chunk.startswith("#")
    parts = _CAMEL.split(chunk.lstrip("#")) if tagged else [chunk]
    for part in parts:
        for piece in _BESIDE_UNSPACED.split(fold(part)):
            for found in _IN_WORD.finditer(piece):
                yield _word(found[0], tagged)


def _word(text: str, tagged: bool = False) -> Word:
    return Word(frozenset(filter(None, _readings(text))), tagged)


def _readings(text: str) -> Iterator[str]:
    if text.isdecimal():
        yield text
        return
    first = text.translate(_DIGIT_LETTERS)
    for reading in {text, first, text.translate(_OTHER_DIGIT_LETTERS).translate(_DIGIT_LETTERS)}:
        yield reading
        yield _REPEATED.sub(r"\1", reading)
        yield _REPEATED.sub(r"\1\1", reading)


def _joined(words: Sequence[Word]) -> Iterator[Word]:
    """Join runs of single letters or syllables into words; other words keep their positions.

    A run may begin or end with an ordinary one-letter word, so it is also read without its ends.
    """
    for is_single, run in groupby(words, _is_single):
        group = list(run)
        pieces = [min(word.readings, key=_as_written) for word in group]
        if not is_single or len(pieces) == 1:
            yield from group
            continue
        parts = {
            "".join(pieces[start : len(pieces) - end])
            for start in range(_MARGIN)
            for end in range(_MARGIN)
            if len(pieces) - start - end > 1
        }
        yield Word(frozenset().union(*(_word(part).readings for part in parts)))


def _as_written(reading: str) -> tuple[bool, str]:
    return (reading.isalpha(), reading)


def _is_single(word: Word) -> bool:
    shortest = min(word.readings, key=len)
    return len(shortest) == 1 or _SYLLABLE.fullmatch(shortest) is not None


@lru_cache(maxsize=4096)
def squeezed(word: str) -> str:
    """Return a word without doubled letters."""
    return _DOUBLED.sub(r"\1", word)


def sound(word: str) -> str:
    """Return a rough key of how a Latin word sounds, for spellings such as `nacked`."""
    for written, heard in (
        ("ph", "f"),
        ("ck", "k"),
        ("c", "k"),
        ("q", "k"),
        ("y", "i"),
        ("z", "s"),
    ):
        word = word.replace(written, heard)
    return squeezed(word)


@lru_cache(maxsize=4096)
def deletions(word: str) -> frozenset[str]:
    """Return the word and every spelling of it with one letter left out."""
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def transpositions(word: str) -> frozenset[str]:
    """Return every spelling of a word in which two neighbours after the first letter changed places."""
    return frozenset(
        word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(1, len(word) - 1)
    ) - {word}


def is_one_typo(written: str, meant: str) -> bool:
    """Return whether one letter was left out, added or replaced, or two neighbours changed places."""
    if abs(len(written) - len(meant)) > 1 or written == meant:
        return written == meant
    start = 0
    while start < min(len(written), len(meant)) and written[start] == meant[start]:
        start += 1
    rest, wanted = written[start:], meant[start:]
    swapped = len(rest) > 1 and rest[1::-1] + rest[2:] == wanted
    return swapped or rest[1:] == wanted[1:] or rest == wanted[1:] or rest[1:] == wanted
