"""Durations and places in line, in the words of a language (CLDR by way of babel)."""

from __future__ import annotations

import math

from babel import Locale
from babel.units import format_unit

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400

# CLDR has no long form for Japanese, and puts a space where a Japanese text has none.
_CLOSED_UP = frozenset({"ja"})


def duration(seconds: float, locale: Locale) -> str:
    """Say a wait with one unit, rounded up to what a person would say: 5 seconds, 3 minutes."""
    count, unit = _rounded_up(max(0.0, seconds))
    if locale.language in _CLOSED_UP:
        words = format_unit(count, f"duration-{unit}", length="short", locale=locale)
        return words.replace(" ", "")
    return format_unit(count, f"duration-{unit}", length="long", locale=locale)


def ordinal(number: float, locale: Locale) -> str:
    """Return the plural category of a place: `few` for the English 3rd."""
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
    """Write a stretch of time in few letters."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
