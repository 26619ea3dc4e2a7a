from __future__ import annotations

import pytest

from pipeline.styles import find_style, load_styles


@pytest.mark.parametrize("name", load_styles())
def test_every_name_alias_and_title_finds_its_own_style(name: str) -> None:
    styles = load_styles()
    style = styles[name]

    for word in (style.name, *style.aliases, *style.title.values()):
        assert find_style(word, styles) is style, word


@pytest.mark.parametrize(
    "word", ["Ghibli", "#GHIBLI", "ｇｈｉｂｌｉ", " जिबली ", "ジブリ", "Anime"]
)
def test_case_width_and_separators_are_ignored(word: str) -> None:
    style = find_style(word, load_styles())

    assert style is not None
    assert style.name == "film"


@pytest.mark.parametrize("word", ["", "#", "please", "ghib"])
def test_other_words_find_nothing(word: str) -> None:
    assert find_style(word, load_styles()) is None
