"""Reads the style files, and finds a style by a word that a person wrote."""

from __future__ import annotations

import dataclasses
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from pipeline.styles.schema import Style


class StyleBroken(ValueError):
    """A style file is invalid; the message names file, key and problem."""


def load_styles(folder: Path | None = None) -> Mapping[str, Style]:
    """Read every TOML file of a folder (default: the included styles), in the order of the menus.

    Raises `StyleBroken`.
    """
    files = sorted((folder or Path(__file__).parent).glob("*.toml"))
    styles = sorted((read_style(file) for file in files), key=lambda s: (s.order, s.name))
    check_shared_words(styles)
    return MappingProxyType({style.name: style for style in styles})


def read_style(file: Path) -> Style:
    """Read one style; its name is the file's. Raises `StyleBroken`."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise StyleBroken(f"{file.name}: {error}") from error
    check_unknown_keys(file.name, table, Style)
    try:
        style = TypeAdapter(Style).validate_python(table | {"name": file.stem})
    except ValidationError as error:
        raise StyleBroken(f"{file.name}: {format_error(error.errors()[0])}") from error
    if "en" not in style.title or "en" not in style.about:
        raise StyleBroken(f"{file.name}: [title] and [about] need at least English (en)")
    return style


def check_unknown_keys(
    file: str, table: Mapping[str, Any], kind: type[Any], path: str = ""
) -> None:
    """Raise `StyleBroken` for the first key that is not a field of the dataclass `kind`.

    `name` is not a key: it is the file's name.
    """
    known = {f.name: f for f in dataclasses.fields(kind) if f.name != "name"}
    for key, value in table.items():
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=0)[0]
            raise StyleBroken(f"{file}: unknown key `{path}{key}`, did you mean `{path}{near}`?")
        inner = type(known[key].default)
        if isinstance(value, dict) and dataclasses.is_dataclass(inner):
            check_unknown_keys(file, value, inner, f"{path}{key}.")


def check_shared_words(styles: Sequence[Style]) -> None:
    """Raise `StyleBroken` if one word names two styles."""
    owner: dict[str, str] = {}
    for style in styles:
        for word in {spelling.casefold() for spelling in (style.name, *style.aliases)}:
            if owner.setdefault(word, style.name) != style.name:
                raise StyleBroken(f"{style.name}.toml: `{word}` already means `{owner[word]}`")


def format_error(error: ErrorDetails) -> str:
    """Format one validation error: `line.weight: Input should be less than or equal to 1 (not 2)`."""
    return f"{'.'.join(map(str, error['loc']))}: {error['msg']} (not {error['input']!r})"


def find_style(word: str, styles: Mapping[str, Style]) -> Style | None:
    """Find a style by name, alias or title; case, character width and separators are ignored."""
    wanted = normalised(word)
    for style in styles.values():
        if wanted in map(normalised, (style.name, *style.aliases, *style.title.values())):
            return style
    return None


def normalised(word: str) -> str:
    """Normalise a word for comparison: case, character width, a leading hash, hyphens and spaces."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return folded.strip().lstrip("#").replace("-", "").replace("_", "").replace(" ", "")
