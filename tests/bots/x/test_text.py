from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.captions.parser import PaintOptions, parse
from bots.i18n import languages, t, understood
from bots.x.text import WEIGHT_MAX, alt_text_of, fitting, heard, text_of, weight
from pipeline.styles import load_styles
from tasks.models import Answer, Apology, Job, Painting, PaintRequest, PhotoRef, Stage


def job(language: str, id_: str = "a", style: str = "film") -> Job:
    ask = PaintRequest("x", "1", "2", "3", (PhotoRef("p"),), style=style, language=language)
    return Job(id_, ask, Stage.DELIVER, None, "", 0, 0.0, 0.0, draft=False)


@pytest.mark.parametrize("language", languages())
def test_all_that_is_said_fits_into_a_post_and_names_nobody(language: str) -> None:
    answers: list[Answer] = [
        Painting((b"",), ("first-frame",)),
        Apology("not-a-photo", {"kind": "PDF"}),
        Apology("too-narrow", {"limit_aspect": 20}),
        Apology("whatever"),
    ]
    for answer in answers:
        for id_ in "abcdef":
            text = text_of(job(language, id_), answer)
            assert weight(text) <= WEIGHT_MAX
            assert "@" not in text
            assert "http" not in text


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("in watercolor 80%", "style"),
        ("remove the car", "not-understood"),
        ("watercolor, and make the sky purple", "style not-understood"),
        ("look at my dog!", None),
        ("añade un perro", "not-understood"),
        ("車を消して", "not-understood"),
    ],
)
def test_what_was_understood_of_a_text_goes_with_its_job(written: str, said: str | None) -> None:
    options = parse(written, PaintOptions(), load_styles())

    assert heard(options, words_dropped=bool(options.words)).get("heard") == said
    assert "not-understood" not in heard(options, words_dropped=False).get("heard", "")


@pytest.mark.parametrize("language", languages())
def test_a_painting_says_what_was_understood(language: str) -> None:
    asked = job(language, style="watercolor")
    request = replace(asked.request, strength=0.8, address={"heard": "style not-understood"})
    style = load_styles()["watercolor"]

    text = text_of(replace(asked, request=request), Painting((b"",)), style)

    assert t(language, "not-understood") in text
    assert understood(language, style, 0.8) in text
    assert weight(text) <= WEIGHT_MAX


@pytest.mark.parametrize("language", languages())
def test_the_text_of_a_painting_has_three_variants(language: str) -> None:
    said = {text_of(job(language, str(n)), Painting((b"",))) for n in range(30)}
    assert len(said) == 3


def test_a_painting_is_described_by_its_style_in_the_persons_language() -> None:
    styles = load_styles()
    assert styles["watercolor"].title["ja"] in alt_text_of(job("ja"), styles["watercolor"])
    assert "“gone”" in alt_text_of(job("en", style="gone"), None)


def test_what_does_not_fit_is_left_out() -> None:
    first, second = "a" * 200, "b" * 100
    assert fitting([first, second]) == first
    assert fitting([first, "c"]) == f"{first} c"
    assert fitting(["d" * 400]).endswith("…")


@pytest.mark.parametrize(
    ("text", "counted"), [("abc", 3), ("日本", 4), ("“q”", 3), ("é", 1), ("हि", 2), ("😀", 2)]
)
def test_characters_weigh_what_x_says(text: str, counted: int) -> None:
    assert weight(text) == counted


@given(st.lists(st.text(max_size=400), min_size=1, max_size=4))
def test_nothing_is_ever_too_long(sentences: list[str]) -> None:
    assert weight(fitting(sentences)) <= WEIGHT_MAX
