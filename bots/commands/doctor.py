"""`suisai doctor`: checks everything the bot needs and shows how to fix each problem."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from pydantic_settings import BaseSettings
from rich.console import Console

from bots.commands.common import table
from bots.config import UNUSABLE, all_settings, as_written, explain, variables_of
from bots.doctor.runner import examine
from bots.findings import Finding, Severity, failure
from tasks.settings import Settings, find_env_file

_MARKS = {
    Severity.OK: "[green]●[/green]",
    Severity.WARNING: "[yellow]▲[/yellow]",
    Severity.ERROR: "[red]■[/red]",
}


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print every setting in force, secrets hidden.")
    ] = False,
) -> None:
    """Check everything the bot needs; exit code 1 if something does not work.

    [dim]Example:[/dim] suisai doctor
    """
    if settings:
        _print_settings()
        return
    findings = list(_findings())
    if as_json:
        typer.echo(json.dumps([asdict(f) for f in findings], ensure_ascii=False, indent=2))
    else:
        _print(findings)
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    errors = [error for group in all_settings() for error in _errors_of(group)]
    for error in errors:
        yield failure("settings", error, "correct it in .env or the environment")
    if not errors:
        yield from examine(Settings(), find_env_file() or Path(".env"))


def _errors_of(group: type[BaseSettings]) -> list[str]:
    try:
        group()
    except UNUSABLE as error:
        return explain(error)
    return []


def _print(findings: Sequence[Finding]) -> None:
    shown = table("", "check", "result", "fix")
    for finding in findings:
        shown.add_row(_MARKS[finding.severity], finding.what, finding.message, finding.fix)
    console = Console(highlight=False)
    console.print(shown)
    errors, warnings = (
        sum(f.severity is severity for f in findings)
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    passed = len(findings) - errors - warnings
    console.print(
        f"\n{_counted(errors, 'error')}, {_counted(warnings, 'warning')}, {passed} passed"
    )


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _print_settings() -> None:
    for group in all_settings():
        values = dict(group())
        for variable in variables_of(group):
            value = values[variable.field]
            hidden = "***" if variable.secret and value is not None else as_written(value)
            typer.echo(f"{variable.name}={hidden}")
