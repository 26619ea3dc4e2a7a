from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.styles import StyleBroken, load_styles, read_style

LANGUAGES = {"en", "hi", "ja", "es", "pt", "id"}
PLAIN = '[title]\nen = "Plain"\n[about]\nen = "Nothing special."\n'


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.toml"
    file.write_text(text, "utf-8")
    return file


def test_all_included_styles_are_valid_and_film_is_first() -> None:
    styles = load_styles()

    assert next(iter(styles)) == "film"
    assert all(name == style.name for name, style in styles.items())


@pytest.mark.parametrize("name", load_styles())
def test_a_style_has_a_title_and_one_line_in_every_language(name: str) -> None:
    style = load_styles()[name]

    assert set(style.title) == set(style.about) == LANGUAGES
    assert all(0 < len(title) <= 24 for title in style.title.values())
    assert all("\n" not in about and len(about) <= 120 for about in style.about.values())


@pytest.mark.parametrize("name", load_styles())
def test_a_style_can_be_asked_of_a_diffusion_model_too(name: str) -> None:
    recipe = load_styles()[name].diffusion

    assert recipe.prompt
    assert 0 < recipe.strength[0] < recipe.strength[1] <= 1


def test_a_new_style_is_one_file(tmp_path: Path) -> None:
    written(tmp_path, "plain", PLAIN)
    written(tmp_path, "bold", "order = 1\n" + PLAIN + "[line]\nweight = 0.9\n")

    styles = load_styles(tmp_path)

    assert list(styles) == ["bold", "plain"]
    assert styles["bold"].line.weight == 0.9


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("ordre = 3\n", "s.toml: unknown key `ordre`, did you mean `order`?"),
        ("[line]\nwieght = 1\n", "s.toml: unknown key `line.wieght`, did you mean `line.weight`?"),
        (
            "[sky.clouds]\namuont = 1\n",
            "s.toml: unknown key `sky.clouds.amuont`, did you mean `sky.clouds.amount`?",
        ),
        ("[line]\nweight = 2\n", "s.toml: line.weight: Input should be less than or equal to 1"),
        ('[line]\ncolour = "red"\n', "s.toml: line.colour: String should match pattern"),
        ("[line\n", "s.toml: Expected ']'"),
    ],
)
def test_an_error_in_a_style_file_is_reported_with_its_fix(
    tmp_path: Path, text: str, complaint: str
) -> None:
    tables = text if text.startswith("[line\n") else f"{text}{PLAIN}"

    with pytest.raises(StyleBroken) as slip:
        read_style(written(tmp_path, "s", tables))

    assert str(slip.value).startswith(complaint)


def test_a_style_without_english_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StyleBroken, match="at least English"):
        read_style(written(tmp_path, "s", '[title]\nja = "墨"\n[about]\nja = "墨"\n'))


def test_two_styles_must_not_share_a_word(tmp_path: Path) -> None:
    written(tmp_path, "one", 'aliases = ["Sumi"]\n' + PLAIN)
    written(tmp_path, "two", 'aliases = ["sumi"]\n' + PLAIN)

    with pytest.raises(StyleBroken, match="`sumi` already means `one`"):
        load_styles(tmp_path)
