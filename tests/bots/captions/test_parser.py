from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.captions.parser import PaintOptions, fresh_seed, parse
from pipeline.styles import Style

STYLES = {
    style.name: style
    for style in (
        Style("film", aliases=("ghibli", "anime", "जिबली", "ジブリ", "アニメ")),
        Style("watercolor", aliases=("water colour",), title={"ja": "水彩画", "es": "Acuarela"}),
        Style("night", aliases=("夜", "रात", "noche"), title={"id": "Malam", "pt": "Noite"}),
    )
}
HALF = PaintOptions(style="ink", strength=0.5, seed=7)


def heard(text: str) -> PaintOptions:
    """Return the options of a text, without its own words."""
    return replace(parse(text, HALF, STYLES), words="")


@pytest.mark.parametrize(
    ("text", "style"),
    [
        ("#ghibli", "film"),
        ("@suisai_bot ANIME!!! 🎨🎨", "film"),
        ("#GhibliStyle", "film"),
        ("ghibli this photo of my grandmother, please", "film"),
        ("Water-Colour, please", "watercolor"),
        ("una acuarela, por favor 🙏", "watercolor"),
        ("@suisai_bot水彩画でお願いします", "watercolor"),
        ("ジブリ風で！", "film"),
        ("ｇｈｉｂｌｉ", "film"),
        ("𝓰𝓱𝓲𝓫𝓵𝓲", "film"),
        ("जिबली स्टाइल में बनाइए", "film"),
        ("gaya malam dong", "night"),
        ("no estilo noite", "night"),
        ("film, then #watercolor", "watercolor"),
    ],
)
def test_a_style_is_recognised_in_any_script_and_form(text: str, style: str) -> None:
    assert heard(text).style == style
    assert heard(text).explicit


@pytest.mark.parametrize(
    "text",
    [
        "what a night with my friends!",
        "今夜の写真",
        "Good night",
        "nightmare",
        "#nightmare",
        "@night",
    ],
)
def test_an_everyday_word_is_no_style(text: str) -> None:
    assert heard(text) == HALF


@pytest.mark.parametrize("text", ["night", "夜", "🌙 night please", "in night style", "#night sky"])
def test_an_everyday_word_is_a_style_in_a_command(text: str) -> None:
    assert heard(text).style == "night"


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("80%", 0.8),
        ("strength 80%", 0.8),
        ("strength: 80", 0.8),
        ("strength = 0.8", 0.8),
        ("fuerza 0,8", 0.8),
        ("強さ８０％で", 0.8),
        ("तीव्रता ८०%", 0.8),
        ("80 persen", 0.8),
        ("0%", 0.0),
        ("900%", 1.0),
        ("stronger!", 0.7),
        ("a bit softer, please", 0.3),
        ("más fuerte por favor", 0.7),
        ("mais suave", 0.3),
        ("lebih kuat dong", 0.7),
        ("थोड़ा हल्का करो", 0.3),
        ("もっと強く", 0.7),
        ("stronger, 10%", 0.1),
    ],
)
def test_strength_is_heard_as_a_number_or_a_step(text: str, strength: float) -> None:
    assert heard(text).strength == strength


def test_steps_end_at_the_ends() -> None:
    assert parse("stronger", PaintOptions(strength=0.9), STYLES).strength == 1.0
    assert parse("softer", PaintOptions(strength=0.1), STYLES).strength == 0.0


@pytest.mark.parametrize(
    "text",
    ["again", "otra vez", "de novo", "sekali lagi", "फिर से", "もう一度", "/again@suisai_bot"],
)
def test_again_asks_for_another_seed(text: str) -> None:
    assert (heard(text).reroll, heard(text).seed) == (True, None)


def test_a_seed_is_heard_and_wins_over_again() -> None:
    assert heard("again, seed 42").seed == 42
    assert heard("シード 42").seed == 42
    assert heard("seed of doubt") == HALF


@pytest.mark.parametrize(
    "text",
    ["STOP!!!", "please stop", "@suisai_bot stop", "やめてください", "रुकिए", "para", "berhenti"],
)
def test_stop_is_heard_when_nothing_else_is_said(text: str) -> None:
    assert heard(text).stop


@pytest.mark.parametrize("text", ["don't stop believing", "bus stop in watercolour", "non-stop"])
def test_stop_inside_other_words_is_not_meant(text: str) -> None:
    assert not heard(text).stop


@pytest.mark.parametrize(
    "text",
    ["", "🙏", "so beautiful!", "https://example.org/ghibli?again=80%", "2024-05-01 at 10:30"],
)
def test_what_names_nothing_leaves_the_default(text: str) -> None:
    assert heard(text) == HALF


def test_commands_in_a_long_text_are_ignored() -> None:
    assert not heard("here we go again, all of my family together at the lake for a week").reroll


def test_a_fresh_seed_depends_on_the_event_alone() -> None:
    assert fresh_seed("42") == fresh_seed("42") != fresh_seed("43")


@given(st.text())
def test_any_text_is_parsed_into_valid_options(text: str) -> None:
    wish = heard(text)
    assert wish.style in {*STYLES, "ink"}
    assert 0.0 <= wish.strength <= 1.0
    assert wish.seed is None or 0 <= wish.seed < 2**31


@given(
    st.sampled_from(["watercolor", "アニメ", "जिबली", "Acuarela"]),
    st.text(st.characters(categories=("Po", "So", "Zs", "Cf", "Sk")), max_size=8),
    st.sampled_from(["@suisai_bot", "🎨", "!!!", "…", "\n"]),
)
def test_emoji_mentions_and_punctuation_hide_no_style(word: str, noise: str, more: str) -> None:
    # A letter in a circle is a letter.
    noise = "".join(c for c in noise if not any(map(str.isalnum, unicodedata.normalize("NFKC", c))))
    noise = noise.replace("@", "").replace("%", "")
    assert heard(f"{more} {noise} {word}{noise} {more}").style in {"watercolor", "film"}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.sampled_from([*STYLES]))
def test_parsing_does_not_depend_on_case(text: str, style: str) -> None:
    assert heard(f"#{style} {text}").style == heard(f"#{style.upper()} {text}").style == style
