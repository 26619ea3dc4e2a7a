"""Decides whether a person's own words may reach a model.

The lists are data, one file per language in policies/; all of them apply to every text, because people
mix languages. They match whole words and phrases after `spelling` has undone disguised spelling.
docs/safety.md describes what such lists cannot catch.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache, partial
from importlib.resources import files
from typing import Any

from bots.captions.spelling import (
    UNSPACED,
    Word,
    deletions,
    fold,
    hiragana,
    is_one_typo,
    sound,
    squeezed,
    transpositions,
    unspaced_forms,
    views,
)

_FUZZY_LETTERS = 6
"""Minimum length of a word to match with one wrong letter; shorter words resemble too many others."""
_FUZZY_STEM_LETTERS = 7
_REMEMBERED_WORDS = 5_000
_SWAPPED_LETTERS = 5
"""From this length on, two neighbours may have changed places."""
_JOINED_LETTERS = 7
"""From this length on, a phrase counts when it is written without its spaces."""
_NAME_LETTERS = 9
"""From this length on, one word of a person's name may have one wrong letter."""
_SQUEEZED_LETTERS = 3
_SOUND_LETTERS = 5
_TAG_LETTERS = 4
_PAIR_WORDS = 4
"""Maximum number of words between a verb and its object."""
_PAIR_CHARACTERS = 8
"""The same in scripts without spaces."""
_ADULT_YEARS = 18
_OPEN = Word(frozenset({"-"}))
"""Stands in the place of a harmless word."""
_PARTS = re.compile(r"[\s'’‐-]+")
"""What stands between the words of a term, as between those of a text."""
_UNSPACED = re.compile(f"[{UNSPACED}]")
_SCRIPTS = ("LATIN", "HIRAGANA", "KATAKANA", "CJK", "DEVANAGARI")
"""The scripts of the languages that the lists are written in."""


class Category(StrEnum):
    """Why a person's own words are refused."""

    SEXUAL = "sexual"
    UNDRESSING = "undressing"
    MINORS = "minors"
    REAL_PEOPLE = "real_people"
    HATE = "hate"
    GORE = "gore"
    UNREADABLE = "unreadable"
    """Written in a script that no list covers, so that it cannot be checked."""


@dataclass(slots=True)
class _Terms:
    """The words and phrases of one list, indexed for lookup."""

    exact: bool = False
    """Misspelt words do not count."""
    names: bool = False
    """The phrases are names of people."""
    words: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    """Written `stem*`: every word that begins with it counts."""
    infixes: set[str] = field(default_factory=set)
    """Written `*part*`: every word that contains it counts."""
    phrases: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    """Phrases by their first letter."""
    unspaced: set[str] = field(default_factory=set)
    ordinary: set[str] = field(default_factory=set)
    """Correctly spelt words that resemble a term; shared by all lists."""
    _near: dict[str, set[str]] = field(default_factory=dict)
    _near_stems: dict[str, set[str]] = field(default_factory=dict)
    _longest_stem: int = 0
    _swapped: set[str] = field(default_factory=set)
    _swapped_stems: set[str] = field(default_factory=set)
    _seen: dict[Word, bool] = field(default_factory=dict)
    """Cache of results: most captions consist of the same few words."""
    _sounds: set[str] = field(default_factory=set)
    _squeezed: set[str] = field(default_factory=set)

    def add(self, terms: Iterable[str]) -> None:
        """Add terms as they are written in a list file."""
        for term in terms:
            plain = fold(term)
            if _UNSPACED.search(plain):
                self.unspaced.add(plain)
                continue
            words = tuple(filter(None, _PARTS.split(plain)))
            if len(words) > 1:
                self.phrases.setdefault(plain[0], []).append(words)
                joined = "".join(words)
                if len(joined) >= _JOINED_LETTERS and joined.isalpha():
                    self.words.add(joined)
            if " " not in plain:
                self._add_word(plain)

    def _add_word(self, term: str) -> None:
        bare = term.strip("*")
        if term.startswith("*"):
            self.infixes.add(bare)
        elif term.endswith("*"):
            self.stems.add(bare)
        else:
            self.words.add(bare)
        if self.exact:
            return
        if len(bare) >= _SWAPPED_LETTERS:
            (self._swapped_stems if term.endswith("*") else self._swapped).update(
                transpositions(bare)
            )
        if len(bare) >= _FUZZY_LETTERS:
            for each in deletions(bare):
                self._near.setdefault(each, set()).add(bare)
        if term.endswith("*") and len(bare) >= _FUZZY_STEM_LETTERS:
            self._longest_stem = max(self._longest_stem, len(bare))
            for each in deletions(bare):
                self._near_stems.setdefault(each, set()).add(bare)
        if len(bare) >= _SOUND_LETTERS and bare.isascii():
            self._sounds.add(sound(bare))
        if len(bare) >= _SQUEEZED_LETTERS and squeezed(bare) == bare:
            self._squeezed.add(bare)

    def has(self, word: Word) -> bool:
        """Return whether any reading of the word is listed, or nearly so."""
        if word not in self._seen:
            if len(self._seen) >= _REMEMBERED_WORDS:
                self._seen.clear()
            self._seen[word] = any(self._has(each, word.tagged) for each in word.readings) or any(
                not self.exact and _unmasks(reading, self.words) for reading in word.masked
            )
        return self._seen[word]

    def _has(self, word: str, tagged: bool) -> bool:
        return (
            word in self.words
            or any(word[:end] in self.stems for end in range(3, len(word) + 1))
            or any(infix in word for infix in self.infixes)
            or (tagged and not self.exact and self._begins_or_ends(word))
            or self._misspelt(word)
        )

    def _begins_or_ends(self, tag: str) -> bool:
        if tag in self.ordinary:
            return False
        ends = range(_TAG_LETTERS, len(tag))
        return any(tag[:end] in self.words or tag[-end:] in self.words for end in ends)

    def _misspelt(self, word: str) -> bool:
        if word in self.ordinary:
            return False
        if word in self._swapped or any(
            word[:end] in self._swapped_stems for end in range(_SWAPPED_LETTERS, len(word) + 1)
        ):
            return True
        if len(word) > _SQUEEZED_LETTERS and squeezed(word) in self._squeezed:
            return True
        if len(word) >= _SOUND_LETTERS and word.isascii() and sound(word) in self._sounds:
            return True
        if len(word) < _FUZZY_LETTERS - 1:
            return False
        return self._is_near(word) or self._begins_nearly(word)

    def _is_near(self, word: str) -> bool:
        meant = {term for each in deletions(word) for term in self._near.get(each, ())}
        return any(word[0] == term[0] and is_one_typo(word, term) for term in meant)

    def _begins_nearly(self, word: str) -> bool:
        """Return whether the word begins with a misspelt stem."""
        for end in range(_FUZZY_STEM_LETTERS - 1, min(len(word), self._longest_stem + 1) + 1):
            start = word[:end]
            meant = {stem for each in deletions(start) for stem in self._near_stems.get(each, ())}
            if any(start[0] == stem[0] and is_one_typo(start, stem) for stem in meant):
                return True
        return False

    def spans(self, words: Sequence[Word]) -> Iterator[tuple[int, int]]:
        """Yield the span of each term among the words, as first index and index after the last."""
        for at, word in enumerate(words):
            if self.has(word):
                yield at, at + 1
            for phrase in self._beginning_like(word):
                part = words[at : at + len(phrase)]
                if len(part) == len(phrase) and self._is_phrase(phrase, part):
                    yield at, at + len(phrase)

    def _is_phrase(self, phrase: tuple[str, ...], part: Sequence[Word]) -> bool:
        wrong = [
            (wanted, word)
            for wanted, word in zip(phrase, part, strict=True)
            if not _is_part(wanted, word, self.exact)
        ]
        if not wrong or not self.names or len(wrong) > 1 or len("".join(phrase)) < _NAME_LETTERS:
            return not wrong
        ((wanted, word),) = wrong
        return len(wanted) >= _TAG_LETTERS and any(
            each[0] == wanted[0] and len(each) >= _TAG_LETTERS and is_one_typo(each, wanted)
            for each in word.readings - self.ordinary
        )

    def _beginning_like(self, word: Word) -> Iterator[tuple[str, ...]]:
        for letter in {reading[0] for reading in word.readings}:
            yield from self.phrases.get(letter, ())

    def places(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield the spans in a text of each term of a script without spaces."""
        for term in self.unspaced:
            for found in _unspaced_pattern(term).finditer(text):
                yield found.span()


def _is_part(wanted: str, word: Word, exact: bool) -> bool:
    if wanted.endswith("*"):
        return any(reading.startswith(wanted[:-1]) for reading in word.readings)
    if wanted in word.readings:
        return True
    if not exact and any(_unmasks(reading, {wanted}) for reading in word.masked):
        return True
    if all(abs(len(each) - len(wanted)) > 4 for each in word.readings):
        return False
    if exact or len(wanted) < _SQUEEZED_LETTERS:
        return False
    if squeezed(wanted) == wanted and any(squeezed(each) == wanted for each in word.readings):
        return True
    if len(wanted) < _FUZZY_LETTERS:
        return False
    return any(
        reading[0] == wanted[0] and is_one_typo(reading, wanted) for reading in word.readings
    )


def _unmasks(masked: str, words: set[str]) -> bool:
    letters = masked.replace("*", "")
    if len(masked) < 3 or 2 * len(letters) < len(masked):
        return False
    pattern = re.compile(re.sub(r"\\\*", "[^*]?", re.escape(masked)))
    return any(len(word) >= 3 and pattern.fullmatch(word) for word in words)


@lru_cache(maxsize=4096)
def _unspaced_pattern(term: str) -> re.Pattern[str]:
    """Return a pattern for a term; a short katakana term matches only as a whole katakana run."""
    pattern = re.escape(term)
    if re.fullmatch("[\u30a0-\u30ff]{1,3}", term):
        pattern = f"(?<![\u30a0-\u30ff]){pattern}(?![\u30a0-\u30ff])"
    return re.compile(pattern)


@dataclass(slots=True)
class _Pair:
    """Two lists whose words are refused if they are near each other, e.g. verbs and objects."""

    first: _Terms
    second: _Terms


@dataclass(slots=True)
class _Lists:
    """The lists of all languages together."""

    terms: dict[Category, _Terms]
    pairs: list[tuple[Category, _Pair]]
    minors: _Terms
    suggestive: _Terms
    years: _Terms
    parting: _Terms
    """Words that separate a verb from an object, so that the pair does not match."""
    harmless: _Terms
    apart: set[tuple[str, str]]
    """Pairs of ordinary words that would spell a term if they were joined."""
    ordinary: set[str]


def review(text: str) -> Category | None:
    """Return the category for which a text is refused; None if it is allowed."""
    if _unreadable(text):
        return Category.UNREADABLE
    lists = _lists()
    found = {*_in_spaced(text, lists), *_in_unspaced(text, lists)}
    return next((category for category in Category if category in _raised(found)), None)


def _raised(found: set[Category | str]) -> set[Category | str]:
    """Return the categories; MINORS alone if young people appear with anything sexual or suggestive."""
    if "minor" in found and found & {Category.SEXUAL, Category.UNDRESSING, "suggestive"}:
        return {Category.MINORS}
    return found


def _unreadable(text: str) -> bool:
    """Return whether a whole word is written in a script that the lists do not cover."""
    for word in unicodedata.normalize("NFKC", text).split():
        letters = [char for char in word if char.isalpha()]
        if len(letters) > 1 and not any(map(_is_covered, letters)):
            return True
    return False


def _is_covered(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_SCRIPTS)


def _in_spaced(text: str, lists: _Lists) -> Iterator[Category | str]:
    for words in views(text):
        words = _without_harmless(words, lists)
        for category, terms in lists.terms.items():
            if any(terms.spans(words)):
                yield category
        for category, pair in lists.pairs:
            if _near_each_other(pair, words, lists):
                yield category
        yield from _young(words, lists)
        yield from _split(words, lists)


def _without_harmless(words: tuple[Word, ...], lists: _Lists) -> tuple[Word, ...]:
    kept = list(words)
    for start, end in lists.harmless.spans(words):
        kept[start:end] = [_OPEN] * (end - start)
    return tuple(kept)


def _near_each_other(pair: _Pair, words: Sequence[Word], lists: _Lists) -> bool:
    seconds = list(pair.second.spans(words))
    for start, end in pair.first.spans(words):
        for other_start, other_end in seconds:
            between = words[end:other_start] if start < other_start else words[other_end:start]
            close = len(between) <= _PAIR_WORDS and (end <= other_start or other_end <= start)
            if close and not any(lists.parting.spans(between)):
                return True
    return False


def _young(words: Sequence[Word], lists: _Lists) -> Iterator[str]:
    if any(lists.minors.spans(words)) or any(_ages(words, lists)):
        yield "minor"
    if any(lists.suggestive.spans(words)):
        yield "suggestive"


def _ages(words: Sequence[Word], lists: _Lists) -> Iterator[bool]:
    for start, _ in lists.years.spans(words):
        said = [reading for word in words[max(0, start - 1) : start] for reading in word.readings]
        yield any(each.isdecimal() and int(each) < _ADULT_YEARS for each in said)


def _split(words: Sequence[Word], lists: _Lists) -> Iterator[Category]:
    """Find terms whose letters were written as two or three words."""
    plain = [max(word.readings, key=str.isalpha) for word in words]
    for at in range(len(plain) - 1):
        pieces = [tuple(plain[at : at + 2])]
        if len(three := tuple(plain[at : at + 3])) == 3 and all(len(each) <= 3 for each in three):
            pieces.append(three)
        for each in pieces:
            whole = "".join(each)
            if len(whole) < _SOUND_LETTERS or each[:2] in lists.apart:
                continue
            for category, terms in lists.terms.items():
                if whole in terms.words:
                    yield category


def _in_unspaced(text: str, lists: _Lists) -> Iterator[Category | str]:
    if not _UNSPACED.search(folded := fold(text)):
        return
    for form in unspaced_forms(folded):
        form = _blanked(form, lists.harmless)
        loose = hiragana(form)
        for category, terms in lists.terms.items():
            if any(terms.places(form)) or any(_loosely(terms, loose)):
                yield category
        for category, pair in lists.pairs:
            seconds = list(pair.second.places(form))
            if any(
                0 <= max(start - other[1], other[0] - end) <= _PAIR_CHARACTERS
                for start, end in pair.first.places(form)
                for other in seconds
            ):
                yield category
        if any(lists.minors.places(form)) or _young_in(form, lists):
            yield "minor"
        if any(lists.suggestive.places(form)):
            yield "suggestive"


def _young_in(text: str, lists: _Lists) -> bool:
    ages = (re.search(rf"(\d+){re.escape(unit)}", text) for unit in lists.years.unspaced)
    return any(found is not None and int(found[1]) < _ADULT_YEARS for found in ages)


def _loosely(terms: _Terms, text: str) -> Iterator[bool]:
    for term in terms.unspaced:
        loose = hiragana(term)
        has_kana = re.search("[\u3040-\u30ff]", term)
        if (len(term) >= 4 or re.search("[\u3400-\u9fff]", term)) and len(loose) >= 3 and has_kana:
            yield loose in text


def _blanked(text: str, harmless: _Terms) -> str:
    for term in sorted(harmless.unspaced, key=len, reverse=True):
        text = text.replace(term, "、")
    return text


@lru_cache(maxsize=1)
def _lists() -> _Lists:
    ordinary: set[str] = set()
    new = partial(_Terms, ordinary=ordinary)
    lists = _Lists(
        terms={
            category: new(names=category is Category.REAL_PEOPLE)
            for category in Category
            if category is not Category.UNREADABLE
        },
        pairs=[],
        minors=new(),
        suggestive=new(),
        years=_Terms(exact=True),
        parting=_Terms(exact=True),
        harmless=_Terms(exact=True),
        apart=set(),
        ordinary=ordinary,
    )
    for language in _files():
        _read(lists, language)
    return lists


def _files() -> Iterator[Mapping[str, Any]]:
    for file in sorted((files("bots.captions") / "policies").iterdir(), key=lambda file: file.name):
        if file.name != "lookalikes.toml":
            yield tomllib.loads(file.read_text("utf-8"))


def _read(lists: _Lists, language: Mapping[str, Any]) -> None:
    for category, terms in lists.terms.items():
        section = language.get(category, {})
        terms.add(section.get("terms", ()))
        for first, second in section.get("pairs", ()):
            pair = _Pair(_Terms(ordinary=lists.ordinary), _Terms(ordinary=lists.ordinary))
            pair.first.add(first)
            pair.second.add(second)
            lists.pairs.append((category, pair))
    young = language.get(Category.MINORS, {})
    lists.minors.add(young.get("who", ()))
    lists.years.add(young.get("years", ()))
    lists.suggestive.add(young.get("suggestive", ()))
    harmless = language.get("harmless", {})
    phrases = harmless.get("phrases", ())
    lists.harmless.add(each for each in phrases if _PARTS.search(each) or _UNSPACED.search(each))
    lists.ordinary.update(fold(each) for each in phrases if " " not in each)
    lists.parting.add(harmless.get("parting", ()))
    lists.ordinary.update(map(fold, harmless.get("ordinary", ())))
    for first, second in (fold(each).split() for each in harmless.get("apart", ())):
        lists.apart.add((first, second))
