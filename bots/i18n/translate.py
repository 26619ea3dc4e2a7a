"""Keys -> sentences: the Fluent files beside this module, one folder per language, one file per room."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from babel import Locale
from fluent.runtime import FluentBundle, FluentResource

from bots.i18n import messages

Fact = str | int | float | datetime

FALLBACK = "en"

_RANGE = re.compile(r"\s*([A-Za-z]{2,3})(?:[-_][\w-]+)?\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?")


class NoSuchPhrase(LookupError):
    """Neither the language nor English has a sentence under this key that these facts complete."""


def t(language: str, key: str, **facts: Fact) -> str:
    """Return the sentence `key` in `language` ('pt', 'pt-BR', ...), in English where it has none.

    Facts are named in the sentence as `$name`; seconds go through `DURATION($wait_s)`. Raises
    `NoSuchPhrase`.
    """
    bundles = _bundles()
    for code in dict.fromkeys((negotiate(language), FALLBACK)):
        if (sentence := _format(bundles[code], key, facts)) is not None:
            return sentence
    raise NoSuchPhrase(key)


def languages() -> tuple[str, ...]:
    """Return the codes of all languages that the bot speaks."""
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
    # Isolation marks would show as boxes in places that know no bidirectional text.
    bundle = FluentBundle([language], functions=_functions(language), use_isolating=False)
    for file in files(__package__).joinpath(language).iterdir():
        if file.name.endswith(".ftl"):
            bundle.add_resource(FluentResource(file.read_text("utf-8")))
    return bundle


def _functions(language: str) -> dict[str, Callable[..., Any]]:
    locale = Locale(language)
    return {
        "DURATION": lambda seconds: messages.duration(seconds, locale),
        "ORDINAL": lambda number: messages.ordinal(number, locale),
    }
