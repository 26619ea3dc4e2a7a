"""Commands in the documents exist, with the options that are shown."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from importlib.metadata import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from bots.cli import app
from tests.docs.commands import PAGES, ROOT, commands, parts

PLACEHOLDER = re.compile(r"[A-Z][A-Z_:]+|\.\.\.")


def wrong_with(words: list[str]) -> str:
    """Return what is wrong with a command, empty if it is valid."""
    program, *rest = words
    program = program.removeprefix(".venv/bin/")
    if program == "suisai":
        return _suisai(typer.main.get_command(app), rest)
    if program == "make":
        targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        unknown = [
            word for word in rest if "=" not in word and word[0] != "-" and word not in targets
        ]
        return f"no target {unknown}" if unknown else ""
    if program.startswith("python") and rest[:1] == ["-m"] and rest[1] != "pip":
        return "" if _is_module(rest[1]) else f"no module {rest[1]}"
    extras = re.findall(r"suisai\[(\w+)\]", " ".join(rest))
    offered = metadata("suisai").get_all("Provides-Extra") or []
    return "".join(f"no extra {extra}" for extra in extras if extra not in offered)


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _suisai(command: Any, words: list[str]) -> str:
    while (inside := getattr(command, "commands", None)) and words and words[0][0] != "-":
        name, *words = words
        if PLACEHOLDER.fullmatch(name):
            return ""
        if name not in inside:
            return f"no command {name}"
        command = inside[name]
    known = {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    known |= {"-h", "--help"}
    unknown = [word for word in words if word[0] == "-" and word.partition("=")[0] not in known]
    return f"no option {unknown}" if unknown else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_in_the_documents_exists_with_its_options(page: Path) -> None:
    slips = {" ".join(words): slip for words in commands(page) if (slip := wrong_with(words))}

    assert slips == {}


@pytest.mark.parametrize(
    "line", ["suisai worker io --thread 3", "suisai upp", "make tst", "pip install 'suisai[gpus]'"]
)
def test_a_wrong_command_is_detected(line: str) -> None:
    assert wrong_with(shlex.split(line))


def fixes() -> Iterator[str]:
    """Yield the fixes that the doctor's findings and the alert rules propose."""
    for file in (ROOT / "bots").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                finding = node.func.id in ("failure", "warning")
                yield from (literal(fix) for fix in node.args[2:] if finding)
    (group,) = yaml.safe_load((ROOT / "docs/monitoring/alerts.yml").read_text("utf-8"))["groups"]
    yield from (rule["annotations"]["fix"] for rule in group["rules"])


def literal(node: ast.expr) -> str:
    """Return the text of a string literal with `...` for its placeholders; else an empty string."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(literal(p) if isinstance(p, ast.Constant) else "..." for p in node.values)
    return ""


def test_proposed_fixes_are_valid_commands() -> None:
    proposed = [fix for fix in fixes() if fix.startswith(("suisai ", "python "))]
    slips = {fix: slip for fix in proposed for w in parts(fix) if (slip := wrong_with(w))}

    assert slips == {}
    assert len(proposed) > 15


def test_every_link_between_the_documents_has_a_target() -> None:
    broken = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not target.endswith((".jpg", ".png")) and not (page.parent / target).exists()
    ]
    assert broken == []
