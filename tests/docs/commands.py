"""Finds every shell command in the documents."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
_BLOCK = re.compile(r"```(?:sh|bash|console)\n(.*?)```", re.DOTALL)
_INLINE = re.compile(
    r"`((?:suisai|make|python|pip|docker|curl|git|kubectl|valkey-cli) [^`…\n]+|nvidia-smi)`"
)
_BETWEEN = {"&&", "||", "|", ";"}


def blocks(page: Path) -> list[str]:
    """Return the shell blocks of a page."""
    return _BLOCK.findall(page.read_text("utf-8"))


def commands(page: Path) -> list[list[str]]:
    """Return the commands of a page as words, one for each part of a line."""
    lines = [line for block in blocks(page) for line in block.replace("\\\n", " ").splitlines()]
    inline = _INLINE.findall(page.read_text("utf-8"))
    return [words for line in [*lines, *inline] for words in parts(line.removeprefix("$ "))]


def every_command() -> list[str]:
    """Return each command of all pages once."""
    found = (shlex.join(words) for page in PAGES for words in commands(page))
    return sorted({command.removeprefix(".venv/bin/") for command in found})


def parts(line: str) -> Iterator[list[str]]:
    """Split a line of shell into its commands; what is set for one of them only is left out."""
    reader = shlex.shlex(line, posix=True, punctuation_chars=";|&")
    reader.whitespace_split = True
    for between, group in groupby(reader, lambda word: word in _BETWEEN):
        words = list(group)
        while len(words) > 1 and re.match(r"^[A-Z_]+=", words[0]):
            words.pop(0)
        if not between:
            yield words
