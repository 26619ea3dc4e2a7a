"""The language files are complete: the same keys in all languages, all used, none missing."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

from bots import i18n
from bots.captions.lexicon import keywords, plain
from pipeline import photo
from pipeline.styles import load_styles
from tasks import models
from tasks.worker import fetch

ROOT = Path(photo.__file__).parents[1]
FOLDER = Path(i18n.__file__).parent
LANGUAGES = sorted(each.name for each in FOLDER.iterdir() if (each / "common.ftl").exists())
FILES = sorted({file.name for file in FOLDER.glob("*/*.ftl")})
KEY = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")


class Facts(Visitor):
    """Collects the variables that a message uses."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802 - the library's name for it
        self.names.add(node.id.name)


@lru_cache
def messages(language: str, name: str) -> dict[str, frozenset[str]]:
    """Return the keys of a file with the variables that each uses."""
    found: dict[str, frozenset[str]] = {}
    for entry in FluentParser().parse((FOLDER / language / name).read_text("utf-8")).body:
        assert not isinstance(entry, ftl.Junk), f"{language}/{name}: {entry.content}"
        if isinstance(entry, ftl.Message):
            assert entry.id.name not in found, (
                f"{language}/{name}: {entry.id.name} is defined twice"
            )
            facts = Facts()
            facts.visit(entry)
            found[entry.id.name] = frozenset(facts.names)
    return found


@lru_cache
def strings_of_the_code() -> frozenset[str]:
    """Return the constant strings of the code that may be keys or reasons."""
    python = (
        file for name in ("bots", "tasks", "pipeline") for file in (ROOT / name).rglob("*.py")
    )
    quoted = {word for file in python for word in strings(ast.parse(file.read_text("utf-8")))}
    page = [*(ROOT / "bots").rglob("*.js"), *(ROOT / "bots").rglob("*.html")]
    scripts = [*page, *(ROOT / "tasks").rglob("*.lua")]
    return frozenset(quoted).union(*(KEY.findall(file.read_text("utf-8")) for file in scripts))


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield the constant strings of a module, including the codes that docstrings list in backquotes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from re.findall(r"`([a-z][a-z0-9-]*)`", node.value)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("name", FILES)
def test_each_language_has_the_keys_of_english_with_the_same_variables(
    name: str, language: str
) -> None:
    assert messages(language, name) == messages("en", name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_defined_in_two_files(language: str) -> None:
    keys = Counter(key for name in FILES for key in messages(language, name))
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_phrase_is_used() -> None:
    words = strings_of_the_code()
    families = {word for word in words if word.endswith("-")}
    unused = [
        key
        for name in FILES
        for key in messages("en", name)
        if key not in words
        and not any(
            key.startswith(start) and key.removeprefix(start) in words for start in families
        )
    ]
    assert unused == []


def test_every_key_used_in_the_code_has_a_message() -> None:
    known = {key for name in FILES for key in messages("en", name)}
    used = {key for file in (ROOT / "bots").rglob("*.py") for key in keys_used(file)}
    assert used - known == set()


def keys_used(file: Path) -> Iterator[str]:
    """Yield the constant keys that a module passes to `t`."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and len(node.args) > 1 and called(node) == "t":
            yield from (
                str(each.value)
                for each in ast.walk(node.args[1])
                if isinstance(each, ast.Constant) and KEY.fullmatch(str(each.value))
            )


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_reason_and_note_has_a_message() -> None:
    refusals = re.findall(r"`([a-z-]+)`", ast.unparse(class_of(models, "Refused")))
    known = messages("en", "common.ftl")
    missing = [
        *(f"refused-{reason}" for reason in refusals),
        *(f"apology-{reason}" for reason in (*photo.REASONS, *reasons_raised())),
        *(f"note-{note}" for note in (*photo.NOTES, fetch.LEFT_OUT)),
    ]
    assert [key for key in missing if key not in known] == []
    assert len(refusals) > 5
    assert {"photo-elsewhere", "unknown-style"} <= reasons_raised()


def reasons_raised() -> set[str]:
    """Return the constant reasons with which adapters and workers decline a photo."""
    first = {"PhotoUnavailable": 0, "PhotoRefused": 0, "decline": 1}
    calls = (
        (node, node.args[first[called(node)] :])
        for name in ("bots", "tasks", "pipeline")
        for file in (ROOT / name).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and called(node) in first
    )
    return {str(args[0].value) for _, args in calls if args and isinstance(args[0], ast.Constant)}


def class_of(module: object, name: str) -> ast.ClassDef:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text("utf-8"))
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_keywords_in_every_section(language: str) -> None:
    own = tomllib.loads((FOLDER / language / "keywords.toml").read_text("utf-8"))
    assert set(own) == set(keywords())


def test_no_keyword_has_two_meanings() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for kind, words in keywords().items():
        for word in words if kind != "everyday" else ():
            meanings[plain(word)].add(kind)
    for style in load_styles().values():
        for word in (style.name, *style.aliases, *style.title.values()):
            meanings[plain(word)].add(f"the style {style.name}")
    assert {word: kinds for word, kinds in meanings.items() if len(kinds) > 1} == {}
