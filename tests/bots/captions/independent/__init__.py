"""A second list of phrases, written without knowledge of the policy's lists and of the first list.

Each file has base phrases that must be refused, by category, and harmless ones that sound close. Words in
braces are also written in the disguises below, which differ from those of the first list.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

LANGUAGES = ("en", "es", "hi", "id", "ja", "pt")

_LEET = str.maketrans("aeiosgt", "@3!0$97")
_GREEK_CYRILLIC = str.maketrans("aoevxknpcyi", "αοеνхкпрсуі")
_SMALL_CAPS = str.maketrans("abcdeghijklmnoprtuvwz", "ᴀʙᴄᴅᴇɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡᴢ")
_KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "wertyuioipsdfghjklkxcvbnmn", strict=True))
_HIRAGANA = {ord("ァ") + i: ord("ぁ") + i for i in range(86)}
_KATAKANA = {hira: kata for kata, hira in _HIRAGANA.items()}


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase and where it comes from."""

    text: str
    category: str
    kind: str
    """How its words in braces are written; `plain` for the base phrase."""


def refused(language: str) -> list[Phrase]:
    """Return the base phrases of a language and their disguised forms."""
    found: dict[str, Phrase] = {}
    for category, bases in _lists(language)["refused"].items():
        for number, base in enumerate(bases):
            plain = re.sub(r"[{}]", "", base)
            found.setdefault(plain, Phrase(plain, category, "plain"))
            for kind in _kinds_for(language, number):
                text = re.sub(r"{(.+?)}", lambda word, k=kind: _KINDS[k](word[1]), base)  # type: ignore[misc] # bound early
                found.setdefault(text, Phrase(text, category, kind))
    return list(found.values())


def harmless(language: str) -> list[str]:
    """Return the harmless phrases of a language."""
    return list(_lists(language)["harmless"]["phrases"])


def held_out(language: str) -> tuple[list[str], list[str]]:
    """Return phrases to refuse and harmless ones by which the policy's lists were never mended."""
    lists = _lists(language)["held_out"]
    return lists["refused"], lists["harmless"]


def _kinds_for(language: str, number: int) -> Iterator[str]:
    """Yield the disguises of one phrase, in turn, so that every one is used about equally often."""
    kinds = list(_OTHER_SCRIPTS if language in ("hi", "ja") else _LATIN)
    for step in range(4):
        yield kinds[(number * 5 + step * 4) % len(kinds)]


def _lists(language: str) -> dict[str, dict[str, list[str]]]:
    path = Path(__file__).with_name(f"{language}.toml")
    lists: dict[str, dict[str, list[str]]] = tomllib.loads(path.read_text("utf-8"))
    return lists


def _between(word: str, mark: str) -> str:
    return mark.join(_characters(word))


def _inside(word: str, mark: str) -> str:
    parts = _characters(word)
    middle = max(1, len(parts) // 2)
    return "".join(parts[:middle]) + mark + "".join(parts[middle:])


def _characters(word: str) -> list[str]:
    """Split into letters that keep their vowel signs and accents."""
    parts: list[str] = []
    for letter in word:
        if parts and unicodedata.category(letter) in ("Mn", "Mc"):
            parts[-1] += letter
        else:
            parts.append(letter)
    return parts


def _swapped(word: str) -> str:
    return word if len(word) < 5 else word[:2] + word[3] + word[2] + word[4:]


def _stretched(word: str) -> str:
    return re.sub(r"([aeiou])", r"\1\1\1\1", word, count=1)


def _doubled(word: str) -> str:
    return re.sub(r"([bcdfgklmnprst])", r"\1\1", word, count=1)


def _dropped(word: str) -> str:
    return word if len(word) < 6 else word[:3] + re.sub(r"[aeiou]", "", word[3:], count=1)


def _neighbour(word: str) -> str:
    return word if len(word) < 6 else word[:3] + _KEYS.get(word[3], word[3]) + word[4:]


def _starred(word: str) -> str:
    return re.sub(r"(?<=\w)[aeiou]", "*", word, count=1)


def _without_accents(word: str) -> str:
    apart = unicodedata.normalize("NFD", word)
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _shifted(word: str, first: int) -> str:
    letters = (
        chr(first + ord(letter) - ord("a")) if "a" <= letter <= "z" else letter
        for letter in _without_accents(word.lower())
    )
    return "".join(letters)


_EVERYWHERE: Mapping[str, Callable[[str], str]] = {
    "spaces": partial(_between, mark=" "),
    "dots": partial(_between, mark="."),
    "dashes": partial(_between, mark="-"),
    "underscores": partial(_between, mark="_"),
    "soft hyphen": partial(_inside, mark="\u00ad"),
    "word joiner": partial(_between, mark="\u2060"),
    "zero-width space": partial(_inside, mark="\u200b"),
    "direction mark": partial(_inside, mark="\u200e"),
    "emoji inside": partial(_inside, mark="🔥"),
    "slash inside": partial(_inside, mark="/"),
    "struck through": lambda word: "".join(letter + "\u0336" for letter in word),
}
_LATIN: Mapping[str, Callable[[str], str]] = {
    **_EVERYWHERE,
    "capitals": str.upper,
    "leet": lambda word: word.translate(_LEET),
    "greek and cyrillic": lambda word: word.translate(_GREEK_CYRILLIC),
    "small capitals": lambda word: word.translate(_SMALL_CAPS),
    "full width": partial(_shifted, first=ord("ａ")),
    "circled": partial(_shifted, first=ord("ⓐ")),
    "script": partial(_shifted, first=ord("𝓪")),
    "flags": partial(_shifted, first=ord("🇦")),
    "diaeresis": lambda word: unicodedata.normalize("NFC", re.sub(r"([aeiou])", "\\1\u0308", word)),
    "stretched": _stretched,
    "doubled": _doubled,
    "swapped": _swapped,
    "dropped": _dropped,
    "neighbour": _neighbour,
    "starred": _starred,
    "hashtag": lambda word: f"#{word.replace(' ', '')}pic",
    "brackets": lambda word: f"({word[:1]}){word[1:]}",
}
_OTHER_SCRIPTS: Mapping[str, Callable[[str], str]] = {
    **_EVERYWHERE,
    "joiner": partial(_between, mark="\u200d"),
    "non-joiner": partial(_inside, mark="\u200c"),
    "ideographic space": partial(_inside, mark="\u3000"),
    "middle dot": partial(_between, mark="・"),
    "hiragana": lambda word: word.translate(_HIRAGANA),
    "katakana": lambda word: word.translate(_KATAKANA),
    "apart": lambda word: unicodedata.normalize("NFD", word),
}
_KINDS = {**_LATIN, **_OTHER_SCRIPTS}
