"""Every language has every phrase, nothing is said that no file holds, and no file holds more."""

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
ROOMS = sorted({file.name for file in FOLDER.glob("*/*.ftl")})
KEY = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")


class Facts(Visitor):
    """Collects the facts that a message names."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:  # noqa: N802 - the library's name for it
        self.names.add(node.id.name)


@lru_cache
def messages(language: str, room: str) -> dict[str, frozenset[str]]:
    """Return the keys of a file with the facts that each names."""
    found: dict[str, frozenset[str]] = {}
    for entry in FluentParser().parse((FOLDER / language / room).read_text("utf-8")).body:
        assert not isinstance(entry, ftl.Junk), f"{language}/{room}: {entry.content}"
        if isinstance(entry, ftl.Message):
            assert entry.id.name not in found, f"{language}/{room}: {entry.id.name} stands twice"
            facts = Facts()
            facts.visit(entry)
            found[entry.id.name] = frozenset(facts.names)
    return found


@lru_cache
def words_of_the_code() -> frozenset[str]:
    """Return everything that is quoted in the code and looks like a key or a code."""
    python = (
        file for room in ("bots", "tasks", "pipeline") for file in (ROOT / room).rglob("*.py")
    )
    quoted = {word for file in python for word in strings(ast.parse(file.read_text("utf-8")))}
    page = [*(ROOT / "bots").rglob("*.js"), *(ROOT / "bots").rglob("*.html")]
    scripts = [*page, *(ROOT / "tasks").rglob("*.lua")]
    return frozenset(quoted).union(*(KEY.findall(file.read_text("utf-8")) for file in scripts))


def strings(tree: ast.AST) -> Iterator[str]:
    """Yield the constant strings of a module, docstrings too: contracts list codes in them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
            yield from re.findall(r"`([a-z][a-z0-9-]*)`", node.value)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
@pytest.mark.parametrize("room", ROOMS)
def test_a_language_has_the_phrases_of_english_and_names_the_same_facts(
    room: str, language: str
) -> None:
    assert messages(language, room) == messages("en", room)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_stands_in_two_rooms(language: str) -> None:
    keys = Counter(key for room in ROOMS for key in messages(language, room))
    assert [key for key, times in keys.items() if times > 1] == []


def test_every_phrase_is_used() -> None:
    words = words_of_the_code()
    families = {word for word in words if word.endswith("-")}
    unused = [
        key
        for room in ROOMS
        for key in messages("en", room)
        if key not in words
        and not any(
            key.startswith(start) and key.removeprefix(start) in words for start in families
        )
    ]
    assert unused == []


def test_every_key_that_is_said_has_a_phrase() -> None:
    known = {key for room in ROOMS for key in messages("en", room)}
    said = {key for file in (ROOT / "bots").rglob("*.py") for key in keys_said(file)}
    assert said - known == set()


def keys_said(file: Path) -> Iterator[str]:
    """Yield the constant keys that a module hands to `say`."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and len(node.args) > 1 and called(node) == "say":
            yield from (
                str(each.value)
                for each in ast.walk(node.args[1])
                if isinstance(each, ast.Constant) and KEY.fullmatch(str(each.value))
            )


def called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def test_every_reason_and_note_has_its_words() -> None:
    refusals = re.findall(r"`([a-z-]+)`", ast.unparse(class_of(models, "Refused")))
    known = messages("en", "common.ftl")
    missing = [
        *(f"refused-{reason}" for reason in refusals),
        *(f"apology-{reason}" for reason in (*photo.REASONS, *reasons_raised())),
        *(f"note-{note}" for note in (*photo.NOTES, fetch.LEFT_OUT)),
    ]
    assert [key for key in missing if key not in known] == []
    assert len(refusals) > 5


def reasons_raised() -> set[str]:
    """Return the reasons for which adapters and workers say that a photo is not painted."""
    first = {"PhotoGone": 0, "PhotoRefused": 0, "apologise": 1}
    calls = (
        (node, node.args[first[called(node)] :])
        for room in ("bots", "tasks", "pipeline")
        for file in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Call) and called(node) in first
    )
    return {str(args[0].value) for _, args in calls if args and isinstance(args[0], ast.Constant)}


def class_of(module: object, name: str) -> ast.ClassDef:
    tree = ast.parse(Path(str(getattr(module, "__file__", ""))).read_text("utf-8"))
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_is_heard_in_every_section(language: str) -> None:
    own = tomllib.loads((FOLDER / language / "keywords.toml").read_text("utf-8"))
    assert set(own) == set(keywords())


def test_no_word_means_two_things() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for kind, words in keywords().items():
        for word in words if kind != "everyday" else ():
            meanings[plain(word)].add(kind)
    for style in load_styles().values():
        for word in (style.name, *style.aliases, *style.title.values()):
            meanings[plain(word)].add(f"the style {style.name}")
    assert {word: kinds for word, kinds in meanings.items() if len(kinds) > 1} == {}
