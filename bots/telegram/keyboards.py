"""Keyboards, and the callback data behind each button, which must still be valid days later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

from bots.captions.parser import STRENGTH_STEP
from bots.i18n import languages, t
from pipeline.styles import Style

_DATA_MAX_BYTES = 64
"""Maximum length for one button; Bot API, InlineKeyboardButton.callback_data."""


class InvalidCallbackData(Exception):
    """This callback data was not written by `encode`."""


@dataclass(frozen=True, slots=True)
class RepaintAction:
    """Paint the photo of a job again. The callback data contains everything needed for it."""

    job_id: str
    style: str
    strength: float
    anew: bool = False
    """With another seed."""


@dataclass(frozen=True, slots=True)
class Action:
    """Any other action: `verb` is one of `VERBS`, `target` what it applies to."""

    verb: str
    target: str = ""


ORIGINAL, COMPARE, CANCEL, RESEND = "original", "compare", "cancel", "resend"

LANGUAGE, STYLE, FORGET = "language", "style", "forget"

VERBS = {ORIGINAL, COMPARE, CANCEL, RESEND, LANGUAGE, STYLE, FORGET}


def encode(action: RepaintAction | Action) -> str:
    """Write an action as callback data."""
    if isinstance(action, Action):
        data = f"{action.verb}|{action.target}"
    else:
        percent = round(action.strength * 100)
        data = f"paint|{action.job_id}|{action.style}|{percent}|{int(action.anew)}"
    if len(data.encode()) > _DATA_MAX_BYTES:
        raise ValueError(f"too long for a button: {data}")
    return data


def decode(data: str) -> RepaintAction | Action:
    """Read callback data. Raises `InvalidCallbackData` for anything that `encode` did not write."""
    match data.split("|"):
        case ["paint", job_id, style, percent, anew] if percent.isascii() and percent.isdigit():
            return RepaintAction(job_id, style, min(int(percent), 100) / 100, anew == "1")
        case [verb, target] if verb in VERBS:
            return Action(verb, target)
        case _:
            raise InvalidCallbackData(data)


def under_painting(
    job_id: str, style: str, strength: float, styles: Mapping[str, Style], language: str
) -> InlineKeyboardMarkup:
    """Return the buttons under a painting: other styles, strengths of this one, the files."""
    others = [
        _button(title(each, language), RepaintAction(job_id, each.name, strength))
        for each in styles.values()
        if each.name != style
    ]
    stronger = min(1.0, strength + STRENGTH_STEP)
    softer = max(0.1, strength - STRENGTH_STEP)
    strengths = [
        _button(t(language, "telegram-softer"), RepaintAction(job_id, style, softer)),
        _button(t(language, "telegram-stronger"), RepaintAction(job_id, style, stronger)),
        _button(t(language, "telegram-again"), RepaintAction(job_id, style, strength, anew=True)),
    ]
    files = [
        _button(t(language, "telegram-original"), Action(ORIGINAL, job_id)),
        _button(t(language, "telegram-compare"), Action(COMPARE, job_id)),
    ]
    return InlineKeyboardMarkup([*_rows(others, 3), strengths, files])


def under_placeholder(job_id: str, language: str) -> InlineKeyboardMarkup:
    """Return the button that cancels a job."""
    return InlineKeyboardMarkup([[_button(t(language, "telegram-cancel"), Action(CANCEL, job_id))]])


def send_again(job_id: str, language: str) -> InlineKeyboardMarkup:
    """Return the button for pictures that may not have arrived."""
    return InlineKeyboardMarkup([[_button(t(language, "telegram-resend"), Action(RESEND, job_id))]])


def of_styles(styles: Mapping[str, Style], language: str) -> InlineKeyboardMarkup:
    """Return one button per style, to choose the usual one."""
    buttons = [_button(title(each, language), Action(STYLE, each.name)) for each in styles.values()]
    return InlineKeyboardMarkup(_rows(buttons, 2))


def of_languages() -> InlineKeyboardMarkup:
    """Return one button per language, each named in that language."""
    buttons = [
        _button(t(code, "telegram-language-name"), Action(LANGUAGE, code)) for code in languages()
    ]
    return InlineKeyboardMarkup(_rows(buttons, 2))


def of_forgetting(language: str) -> InlineKeyboardMarkup:
    """Return the buttons that confirm or cancel `/forget`."""
    choices = ("yes", "never", "no")
    return InlineKeyboardMarkup(
        [
            [_button(t(language, f"telegram-forget-{each}"), Action(FORGET, each))]
            for each in choices
        ]
    )


def title(style: Style, language: str) -> str:
    """Return a style's title in a language."""
    return style.title.get(language, style.title["en"])


def _button(text: str, action: RepaintAction | Action) -> InlineKeyboardButton:
    return InlineKeyboardButton(text, callback_data=encode(action))


def _rows(buttons: Sequence[InlineKeyboardButton], width: int) -> list[list[InlineKeyboardButton]]:
    return [list(buttons[i : i + width]) for i in range(0, len(buttons), width)]
