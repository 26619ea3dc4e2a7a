"""`suisai doctor`: what is well, what is not, and what mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic_settings import BaseSettings
from rich.console import Console

from bots.commands.tables import table
from bots.doctor.examine import examine
from bots.doctor.findings import Finding, Light, red
from bots.envfile import all_settings, as_written, variables_of
from bots.setting_slips import UNUSABLE, slips_of
from tasks.settings import Settings

_MARKS = {
    Light.GREEN: "[green]●[/green]",
    Light.YELLOW: "[yellow]▲[/yellow]",
    Light.RED: "[red]■[/red]",
}


def add_commands(app: typer.Typer) -> None:
    """Add this room's command."""
    app.command()(doctor)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print every setting in force, secrets hidden.")
    ] = False,
) -> None:
    """Look at everything the bot needs; exit code 1 when something does not work.

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
    if any(finding.light is Light.RED for finding in findings):
        raise typer.Exit(1)


def _findings() -> Iterator[Finding]:
    slips = [slip for group in all_settings() for slip in _slips(group)]
    for slip in slips:
        yield red("settings", slip, "correct it in .env or the environment")
    if not slips:
        yield from examine(Settings())


def _slips(group: type[BaseSettings]) -> list[str]:
    try:
        group()
    except UNUSABLE as error:
        return slips_of(error)
    return []


def _print(findings: Sequence[Finding]) -> None:
    shown = table("", "what", "how it is", "what mends it")
    for finding in findings:
        shown.add_row(_MARKS[finding.light], finding.what, finding.says, finding.mend)
    console = Console(highlight=False)
    console.print(shown)
    bad = [sum(f.light is light for f in findings) for light in (Light.RED, Light.YELLOW)]
    console.print(f"\n{bad[0]} broken, {bad[1]} to look at, {len(findings) - sum(bad)} well")


def _print_settings() -> None:
    for group in all_settings():
        values = dict(group())
        for variable in variables_of(group):
            value = values[variable.field]
            hidden = "***" if variable.secret and value is not None else as_written(value)
            typer.echo(f"{variable.name}={hidden}")
