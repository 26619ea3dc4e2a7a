"""A person's word -> a style."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from pipeline.styles.schema import Style


def find_style(word: str, styles: Mapping[str, Style]) -> Style | None:
    """Find the style that a word names: by name, alias or title, in any script, case and width."""
    wanted = plain(word)
    for style in styles.values():
        if wanted in map(plain, (style.name, *style.aliases, *style.title.values())):
            return style
    return None


def plain(word: str) -> str:
    """Fold what people do not mean to tell apart: case, width, a leading hash, hyphens and spaces."""
    folded = unicodedata.normalize("NFKC", word).casefold()
    return folded.strip().lstrip("#").replace("-", "").replace("_", "").replace(" ", "")
