"""Finds every sentence that the program raises for people, by reading the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GAP = "…"
_ALSO = {
    "OSError",
    "StyleBroken",
    "StoreRefuses",
    "CannotListen",
    "LoginNeeded",
    "NotAccepted",
    "BadParameter",
}
"""Errors that reach people although they are not `Explained`: an edge shows their words."""


def sentences() -> Iterator[tuple[str, str]]:
    """Yield file and sentence of every `raise` of an error that people read, values as `…`."""
    rooms = trees()
    shown, constants = _explained(rooms.values()) | _ALSO, _constants(rooms.values())
    for path, tree in rooms.items():
        told = shown | ({"ValueError"} if path.name == "settings.py" else set())
        for node in ast.walk(tree):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
                continue
            if node.exc.args and _name(node.exc.func) in told:
                words = _said(node.exc.args[0], tree, constants)
                yield from ((str(path), said) for said in words)


def trees() -> dict[Path, ast.Module]:
    """Read the program's source."""
    return {
        path.relative_to(ROOT): ast.parse(path.read_text("utf-8"))
        for room in ("bots", "tasks", "pipeline")
        for path in (ROOT / room).rglob("*.py")
    }


def fragments(sentence: str) -> list[str]:
    """Return the words between the values, as far as they say anything."""
    parts = (" ".join(part.split()) for part in sentence.split(GAP))
    return [part for part in parts if len(part) > 7]


def text_of(node: ast.expr) -> str:
    """Return the words of a literal, values as a gap; empty for anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(p) if isinstance(p, ast.Constant) else GAP for p in node.values)
    return ""


def _explained(trees: Iterable[ast.Module]) -> set[str]:
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found = {"Explained"}
    while more := {name for name, above in bases.items() if above & found} - found:
        found |= more
    return found


def _said(words: ast.expr, tree: ast.Module, constants: dict[str, str]) -> Iterator[str]:
    """Yield what an error says: a literal, a constant, or what a function of its file returns."""
    if said := text_of(words):
        yield said
    elif isinstance(words, ast.IfExp):
        yield from _said(words.body, tree, constants)
        yield from _said(words.orelse, tree, constants)
    elif isinstance(words, ast.Name) and words.id in constants:
        yield constants[words.id]
    elif isinstance(words, ast.Call):
        for returned in _returned(_name(words.func), tree):
            yield from _said(returned, tree, constants)


def _constants(trees: Iterable[ast.Module]) -> dict[str, str]:
    """Return the texts that have a name in capitals, which other files import."""
    assigned = (node for tree in trees for node in tree.body if isinstance(node, ast.Assign))
    return {
        name: said
        for node in assigned
        if (name := _name(node.targets[0])).isupper() and (said := text_of(node.value))
    }


def _returned(function: str, tree: ast.Module) -> Iterator[ast.expr]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == function:
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield inner.value


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
