"""Error messages of the command line."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path

from bots.i18n import apology
from pipeline.errors import PhotoRefused, UserFacingError
from pipeline.styles import Style, find_style, load_styles
from tasks.models import Apology


class InputRefused(UserFacingError):
    """An argument or an input file cannot be used; the message says what to use instead."""


def in_words(photo: Path, refusal: PhotoRefused) -> str:
    """Return one line that says why a photo was refused and what to send instead."""
    words = apology("en", Apology(refusal.reason, refusal.facts, refunded=False))
    return f"{photo}: {words}"


def style_named(word: str) -> Style:
    """Return the style of this name or alias. Raises `InputRefused` that suggests the nearest one."""
    styles = load_styles()
    style = find_style(word, styles)
    if style is None:
        raise InputRefused(
            f"There is no style '{word}'. {_nearest(word, styles)}See `suisai styles`."
        )
    return style


def _nearest(word: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(names), n=1)
    return f"Did you mean '{near[0]}'? " if near else ""
