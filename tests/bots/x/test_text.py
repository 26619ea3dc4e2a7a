from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.i18n import languages
from bots.x.text import WEIGHT_MAX, alt_text_of, fitting, text_of, weight
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


@pytest.mark.parametrize("language", languages())
def test_paintings_are_handed_over_in_several_ways(language: str) -> None:
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
