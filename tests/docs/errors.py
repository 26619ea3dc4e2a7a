"""Finds every sentence that the program raises for people, by reading the source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
GAP = "…"
_ALSO = {"OSError", "StyleBroken"}


def sentences() -> Iterator[tuple[str, str]]:
    """Yield file and sentence of every `raise` of an error that is explained, values as `…`."""
    rooms = trees()
    explained = _explained(rooms.values()) | _ALSO
    for path, tree in rooms.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                raised = node.exc.func
                said = text_of(node.exc.args[0])
                if isinstance(raised, ast.Name) and raised.id in explained and said:
                    yield str(path), said


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


def text_of(node: ast.expr) -> str:
    """Return the words of a literal, values as a gap; empty for anything else."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(p) if isinstance(p, ast.Constant) else GAP for p in node.values)
    return ""
