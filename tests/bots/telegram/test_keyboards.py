from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.i18n import languages, translate
from bots.telegram import keyboards
from bots.telegram.keyboards import (
    Action,
    InvalidCallbackData,
    RepaintAction,
    decode,
    encode,
    under_painting,
)
from pipeline.styles import load_styles
from tasks.ledger.records import job_id_of

STYLES = load_styles()
JOB = job_id_of("telegram", "message:1:2")


@given(
    style=st.sampled_from(sorted(STYLES)),
    percent=st.integers(0, 100),
    anew=st.booleans(),
    event=st.text(),
)
def test_options_survive_callback_data(style: str, percent: int, anew: bool, event: str) -> None:
    wanted = RepaintAction(job_id_of("telegram", event), style, percent / 100, anew)
    assert decode(encode(wanted)) == wanted


@given(st.text())
def test_foreign_callback_data_is_invalid(data: str) -> None:
    try:
        decode(data)
    except InvalidCallbackData:
        return
    assert data.split("|")[0] in ("paint", *keyboards.VERBS)


@pytest.mark.parametrize("language", languages())
def test_every_button_fits_into_telegrams_64_bytes(language: str) -> None:
    rows = [
        *under_painting(JOB, "film", 0.6, STYLES, language).inline_keyboard,
        *keyboards.of_styles(STYLES, language).inline_keyboard,
        *keyboards.of_languages().inline_keyboard,
        *keyboards.of_forgetting(language).inline_keyboard,
        *keyboards.under_placeholder(JOB, language).inline_keyboard,
        *keyboards.send_again(JOB, language).inline_keyboard,
    ]
    for button in [each for row in rows for each in row]:
        assert len(str(button.callback_data).encode()) <= 64
        assert button.text


def test_a_new_language_has_its_button(monkeypatch: pytest.MonkeyPatch) -> None:
    bundles = translate._bundles()
    monkeypatch.setattr(translate, "_bundles", lambda: {**bundles, "xx": bundles["en"]})

    rows = keyboards.of_languages().inline_keyboard

    offered = {decode(str(button.callback_data)) for row in rows for button in row}
    assert offered == {Action(keyboards.LANGUAGE, code) for code in (*bundles, "xx")}


def test_under_a_painting_are_the_other_styles_and_shades_of_this_one() -> None:
    keyboard = under_painting(JOB, "film", 0.6, STYLES, "en").inline_keyboard
    wanted = [decode(str(b.callback_data)) for row in keyboard for b in row]
    styles = {
        w.style for w in wanted if isinstance(w, RepaintAction) and w.strength == 0.6 and not w.anew
    }
    shades = {w.strength for w in wanted if isinstance(w, RepaintAction) and w.style == "film"}
    assert styles == set(STYLES) - {"film"}
    assert shades == {0.4, 0.6, 0.8}
    assert Action(keyboards.ORIGINAL, JOB) in wanted
    assert Action(keyboards.COMPARE, JOB) in wanted


@pytest.mark.parametrize("strength", [0.0, 0.1, 1.0])
def test_buttons_offer_only_valid_strengths(strength: float) -> None:
    keyboard = under_painting(JOB, "film", strength, STYLES, "en").inline_keyboard
    for button in [b for row in keyboard for b in row]:
        wanted = decode(str(button.callback_data))
        assert isinstance(wanted, Action) or 0.0 <= wanted.strength <= 1.0
