"""Looks up sentences in the Fluent files beside this module: a folder per language, a file per topic.

Durations and ordinal numbers are written by the rules of each language (CLDR, through babel).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from babel import Locale
from babel.units import format_unit
from fluent.runtime import FluentBundle, FluentResource

Fact = str | int | float | datetime

FALLBACK = "en"

_RANGE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][\w-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?")


class NoSuchPhrase(LookupError):
    """No sentence has this key, or its variables are missing."""


def t(language: str, key: str, **facts: Fact) -> str:
    """Return the sentence `key` in `language` ('pt', 'pt-BR', ...), in English if it has none.

    A sentence uses a fact as `$name`, and seconds as `DURATION($wait_s)`. Raises `NoSuchPhrase`.
    """
    bundles = _bundles()
    for code in dict.fromkeys((negotiate(language), FALLBACK)):
        if (sentence := _format(bundles[code], key, facts)) is not None:
            return sentence
    raise NoSuchPhrase(key)


def languages() -> tuple[str, ...]:
    """Return the codes of all languages that have files."""
    return tuple(sorted(_bundles()))


def negotiate(wanted: str) -> str:
    """Return the best language for a code ('pt-BR') or an Accept-Language header; English if none."""
    asked = [(float(weight or 1), code.lower()) for code, weight in _ranges(wanted)]
    ranked = sorted(asked, key=lambda each: -each[0])
    return next((code for weight, code in ranked if weight and code in _bundles()), FALLBACK)


def _ranges(wanted: str) -> Iterable[tuple[str, str]]:
    matches = (_RANGE.fullmatch(part) for part in wanted[:500].split(","))
    return [(match[1], match[2]) for match in matches if match]


def _format(bundle: FluentBundle, key: str, facts: Mapping[str, Fact]) -> str | None:
    if not bundle.has_message(key) or (pattern := bundle.get_message(key).value) is None:
        return None
    sentence, errors = bundle.format_pattern(pattern, dict(facts))
    return None if errors else str(sentence)


@lru_cache(maxsize=1)
def _bundles() -> Mapping[str, FluentBundle]:
    folders = [
        each for each in files(__package__).iterdir() if each.joinpath("common.ftl").is_file()
    ]
    return MappingProxyType({folder.name: _bundle(folder.name) for folder in folders})


def _bundle(language: str) -> FluentBundle:
    # Isolation marks are shown as boxes by programs without bidirectional text.
    bundle = FluentBundle([language], functions=_functions(language), use_isolating=False)
    for file in files(__package__).joinpath(language).iterdir():
        if file.name.endswith(".ftl"):
            bundle.add_resource(FluentResource(file.read_text("utf-8")))
    return bundle


def _functions(language: str) -> dict[str, Callable[..., Any]]:
    locale = Locale(language)
    return {
        "DURATION": lambda seconds: duration(seconds, locale),
        "ORDINAL": lambda number: ordinal(number, locale),
    }


_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

# CLDR has no long form for Japanese, and puts a space where a Japanese text has none.
_CLOSED_UP = frozenset({"ja"})


def duration(seconds: float, locale: Locale) -> str:
    """Return a wait in one unit, rounded up to a round number: 5 seconds, 3 minutes."""
    count, unit = _rounded_up(max(0.0, seconds))
    if locale.language in _CLOSED_UP:
        words = format_unit(count, f"duration-{unit}", length="short", locale=locale)
        return words.replace(" ", "")
    return format_unit(count, f"duration-{unit}", length="long", locale=locale)


def ordinal(number: float, locale: Locale) -> str:
    """Return the plural category of an ordinal number: `few` for the English 3rd."""
    return str(locale.ordinal_form(int(number)))


def _rounded_up(seconds: float) -> tuple[int, str]:
    if seconds <= 10:
        return max(1, math.ceil(seconds)), "second"
    if seconds <= _MINUTE * 1.5:
        return 5 * math.ceil(seconds / 5), "second"
    if seconds <= _MINUTE * 20:
        return math.ceil(seconds / _MINUTE), "minute"
    if seconds <= _HOUR * 1.5:
        return 5 * math.ceil(seconds / _MINUTE / 5), "minute"
    if seconds <= _DAY * 1.5:
        return math.ceil(seconds / _HOUR), "hour"
    return math.ceil(seconds / _DAY), "day"


def span(seconds: float) -> str:
    """Return a duration in short form, e.g. `2 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
