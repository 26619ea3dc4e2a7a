"""`suisai rehearse`: a viral surge against the running bot, and what it would have meant."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from bots.commands.bootstrap import services, stop_on_signals
from bots.i18n.format import span
from bots.loadtest.report import Report, report_on
from bots.loadtest.run import LoadLog, LoadProfile, play


def add_commands(app: typer.Typer) -> None:
    """Add this room's command."""
    app.command()(rehearse)


def rehearse(
    people: Annotated[int, typer.Option(min=1, help="How many ask, each once.")] = 1000,
    minutes: Annotated[float, typer.Option(min=0.01, help="In which time they come.")] = 5.0,
    patience: Annotated[
        float, typer.Option(min=1, help="Seconds without an answer to anybody that end the wait.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Play a surge against the running bot, with made-up photos and nobody to answer.

    Real people's photos wait behind it: rehearse before the launch. Ctrl-C reports on what was seen so
    far. Exit code 1 when an accepted photo got no answer, or two.
    [dim]Example:[/dim] suisai rehearse --people 10000 --minutes 5
    """
    house, surge, log = services(), LoadProfile(people, minutes, patience), LoadLog()
    with _told_meanwhile(surge, log):
        play(house, surge, stop_on_signals(), log)
    report = report_on(house, surge, log)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        Console(highlight=False).print(_table(report))
    if not report.held:
        raise typer.Exit(1)


@contextmanager
def _told_meanwhile(surge: LoadProfile, log: LoadLog) -> Iterator[None]:
    """Say on a terminal how far the rehearsal is while the block runs."""
    console, over = Console(stderr=True, highlight=False), threading.Event()
    if not console.is_terminal:
        yield
        return
    with console.status("") as line:

        def tell() -> None:
            while not over.wait(0.5):
                line.update(progress(surge, log))

        teller = threading.Thread(target=tell, daemon=True)
        teller.start()
        yield
        over.set()
        teller.join()


def progress(surge: LoadProfile, log: LoadLog) -> str:
    """Say in one line how far a rehearsal is."""
    asked = f"{len(log.asked_s):,} of {surge.people:,} asked, {len(log.refused):,} refused"
    if not log.looks:
        return asked
    now = log.looks[-1]
    line = ", ".join(f"{stage} {gauges.waiting:,}" for stage, gauges in now.stages.items())
    return f"{asked}, in line: {line}; ladder: {now.overload_level}"


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
        **_seldom("asked again", report.unheard, "times, because the ledger did not answer"),
        "intake": f"{report.intake_ms[0]:.1f} ms, 99 of 100 within {report.intake_ms[1]:.1f} ms",
        "answered": f"{report.painted:,} paintings ({report.reused:,} from the store), "
        f"{report.apologised:,} apologies",
        "speed": f"{report.answered_per_s:.1f} answers a second",
        "wait said": f"{span(report.said_s)} on average",
        "wait had": f"half within {span(half)}, 95 of 100 within {span(most)}",
        "word kept": f"{report.kept:.0%} within 1.25 times what was said",
        **_seldom("still in line", report.waiting, "when the rehearsal was stopped"),
        "lost": f"{report.lost}",
        "doubled": f"{report.doubled}",
        "longest line": f"{report.most_waiting:,} for {report.narrowest}"
        if report.narrowest
        else "none",
        "surge ladder": report.ladder,
        "to add": report.add,
    }


def _seldom(name: str, count: int, words: str) -> dict[str, str]:
    return {name: f"{count:,} {words}"} if count else {}
