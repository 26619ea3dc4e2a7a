"""`suisai rehearse`: a viral surge against the running bot, and what it would have meant."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bots.commands.operate import services
from bots.commands.process import stop_on_signals
from bots.commands.top import span
from bots.rehearsal.report import Report, report_on
from bots.rehearsal.surge import Surge, play


def add_commands(app: typer.Typer) -> None:
    """Add this room's command."""
    app.command()(rehearse)


def rehearse(
    people: Annotated[int, typer.Option(min=1, help="How many ask, each once.")] = 1000,
    minutes: Annotated[float, typer.Option(min=0.01, help="In which time they come.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Play a surge against the running bot, with made-up photos and nobody to answer.

    Real people's photos wait behind it: rehearse before the launch. Exit code 1 when an accepted photo
    got no answer, or two. [dim]Example:[/dim] suisai rehearse --people 10000 --minutes 5
    """
    house, surge = services(), Surge(people, minutes)
    log = play(house, surge, stop_on_signals())
    report = report_on(house, surge, log)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        Console(highlight=False).print(_table(report))
    if not report.held:
        raise typer.Exit(1)


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, words in _rows(report).items():
        table.add_row(name, words)
    return table


def _rows(report: Report) -> dict[str, str]:
    refused = ", ".join(f"{n:,} {reason}" for reason, n in report.refused.items())
    half, most = report.had_s
    return {
        "asked": f"{report.people:,} in {report.minutes:g} minutes, "
        f"{report.peak_per_s:.1f} a second at the peak",
        "accepted": f"{report.accepted:,}",
        "refused at once": refused or "nobody",
        "intake": f"{report.intake_ms[0]:.1f} ms, 99 of 100 within {report.intake_ms[1]:.1f} ms",
        "answered": f"{report.painted:,} paintings, {report.apologised:,} apologies, "
        f"{report.answered_per_s:.1f} a second",
        "wait said": f"{span(report.said_s)} on average",
        "wait had": f"half within {span(half)}, 95 of 100 within {span(most)}",
        "word kept": f"{report.kept:.0%} within 1.25 times what was said",
        "lost": f"{report.lost}",
        "doubled": f"{report.doubled}",
        "longest line": f"{report.most_waiting:,} for {report.narrowest}"
        if report.narrowest
        else "none",
        "to add": report.add,
    }
