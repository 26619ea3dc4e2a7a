"""Disguises a word by rule, the way people do to pass a filter."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "phrases"
LANGUAGES = ("en", "es", "hi", "id", "ja", "pt")

_LEET = str.maketrans("aeiostb", "4310578")
_CYRILLIC = str.maketrans("aeocpxiysj", "аеосрхіуѕј")
_KANJI = str.maketrans("エロカトニハタチオー", "工口カト二八夕千才一")
_HALF_WIDTH = str.maketrans(
    "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワンー",
    "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝｰ",
)
_VOWEL_SIGNS = str.maketrans("ािीुूंँ", "ाीिूुँं")


@dataclass(frozen=True, slots=True)
class Disguised:
    """A phrase that must be refused, and how its words were written."""

    kind: str
    text: str


def refused(language: str) -> list[Disguised]:
    """Return every base phrase of a language in every spelling that differs from the plain one."""
    base = [
        phrase
        for phrases in tomllib.loads(_file(language))["refused"].values()
        for phrase in phrases
    ]
    plain = [re.sub(r"[{}]", "", phrase) for phrase in base]
    found = [Disguised("plain", text) for text in plain]
    for kind, disguise in DISGUISES.items():
        texts = [_rewritten(phrase, disguise) for phrase in base]
        found += [
            Disguised(kind, text) for text, same in zip(texts, plain, strict=True) if text != same
        ]
    return found


def harmless(language: str) -> list[str]:
    """Return harmless phrases: written ones, and every subject in every scene."""
    lists = tomllib.loads(_file(language))
    space = "" if language == "ja" else " "
    made = lists["templates"]
    return [
        *lists["harmless"]["phrases"],
        *(f"{who}{space}{where}" for who in made["subjects"] for where in made["scenes"]),
    ]


def _file(language: str) -> str:
    return (FOLDER / f"{language}.toml").read_text("utf-8")


def _rewritten(phrase: str, disguise: Callable[[str], str]) -> str:
    return re.sub(r"\{(.*?)\}", lambda found: disguise(found[1]), phrase)


def misspelt(word: str) -> str:
    """Exchange two letters of a long word, double one of a short one, confuse vowel signs."""
    if re.search("[\u0900-\u097f]", word):
        return word.translate(_VOWEL_SIGNS)
    if re.search("[\u3040-\u30ff]", word):
        return word.replace("ー", "ーー") if "ー" in word else word
    if not re.fullmatch("[^\\W\\d_\u3400-\u9fff]+", word):
        return word
    middle = len(word) // 2
    if len(word) >= 6:
        return word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :]
    return word[:middle] + word[middle] + word[middle:]


def spaced(word: str) -> str:
    """Put a space between all letters."""
    return " ".join(_letters(word))


def dotted(word: str) -> str:
    """Put a full stop between all letters."""
    return ".".join(_letters(word))


def leet(word: str) -> str:
    """Write digits for Latin letters and Chinese characters for katakana."""
    written = word.translate(_LEET) if word.isascii() else word.translate(_KANJI)
    return word if written.isdecimal() else written


def mixed(word: str) -> str:
    """Take letters of another script or width that look or sound the same."""
    if re.search("[\u0900-\u097f]", word):
        return word[0] + "".join(chr(ord(each) + 0x180) for each in word[1:2]) + word[2:]
    if word.translate(_CYRILLIC) != word:
        return word.translate(_CYRILLIC)
    return word.translate(_HALF_WIDTH)


def other_kana(word: str) -> str:
    """Write long words of katakana in hiragana."""
    if not re.fullmatch("[\u30a1-\u30ff]{4,}", word):
        return word
    return "".join(chr(ord(each) - 0x60) if each <= "\u30f6" else each for each in word)


def stretched(word: str) -> str:
    """Repeat the last vowel or sign."""
    found = [*re.finditer("[aeiou\u093e-\u094c\u30fc]", word)]
    if not found:
        return word
    at = found[-1].start()
    return word[:at] + word[at] * 4 + word[at + 1 :]


def _letters(word: str) -> Iterator[str]:
    """Yield letters with their marks; a space between words is no letter."""
    yield from re.findall(
        "[^\u0900-\u0903\u093c\u093e-\u094d ][\u0900-\u0903\u093c\u093e-\u094d]*", word
    )


DISGUISES: dict[str, Callable[[str], str]] = {
    "misspelt": misspelt,
    "spaced": spaced,
    "dotted": dotted,
    "leetspeak": leet,
    "mixed scripts": mixed,
    "stretched": stretched,
    "other kana": other_kana,
}
