"""Finds every line of level warning and above that the program logs, by reading the source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.docs.errors import GAP, text_of, trees

LEVELS = {"warning", "error", "critical", "exception", "warn", "fatal"}


@dataclass(frozen=True, slots=True)
class Line:
    """One call that logs."""

    where: str
    event: str
    """Its words, values as a gap; only a gap where they are put together elsewhere."""

    @property
    def says_what_comes_next(self) -> bool:
        """Two clauses: what happened, what happens next."""
        happened, *clauses = re.split("[,;] ", self.event)
        return bool(happened and clauses and len(clauses[-1].strip(GAP).split()) > 1)


def loud_lines() -> Iterator[Line]:
    """Yield all calls of loggers, and of `warnings.warn`, which end up in the log as well."""
    for path, tree in trees().items():
        for function in _functions(tree):
            names = _names(function)
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _is_loud(node.func) and node.args:
                    yield Line(f"{path}:{node.lineno}", _event(node.args[0], names))


def _functions(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _names(function: ast.AST) -> dict[str, ast.expr]:
    """Return what a function's own variables are set to, so that an event may have a name."""
    return {
        node.targets[0].id: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _event(words: ast.expr, names: dict[str, ast.expr]) -> str:
    if isinstance(words, ast.Name):
        words = names.get(words.id, words)
    return text_of(words) or GAP


def _is_loud(called: ast.expr) -> bool:
    return (
        isinstance(called, ast.Attribute)
        and called.attr in LEVELS
        and isinstance(called.value, ast.Name)
        and ("log" in called.value.id or called.value.id == "warnings")
    )
