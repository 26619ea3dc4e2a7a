"""`suisai loadtest`: a surge of requests against the running bot, and a report."""

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

from bots.commands.common import services, stop_on_signals
from bots.i18n.translate import span
from bots.loadtest.report import Report, report_on
from bots.loadtest.run import LoadLog, LoadProfile, run_load_test


def add_commands(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(loadtest)


def loadtest(
    people: Annotated[
        int, typer.Option(min=1, help="How many people; each sends one photo.")
    ] = 1000,
    minutes: Annotated[
        float, typer.Option(min=0.01, help="The minutes in which they send them.")
    ] = 5.0,
    patience: Annotated[
        float, typer.Option(min=1, help="Stop after this many seconds without an answer.")
    ] = 60.0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Send a surge of generated photos through the running bot; answers are only counted.

    Photos of real people queue behind them, so run it before the launch. Ctrl-C prints a report of what
    happened so far. Exit code 1 if an accepted photo got no answer, or more than one.
    [dim]Example:[/dim] suisai loadtest --people 10000 --minutes 5
    """
    opened, profile, log = services(), LoadProfile(people, minutes, patience), LoadLog()
    with _progress_line(profile, log):
        run_load_test(opened, profile, stop_on_signals(), log)
    report = report_on(opened, profile, log)
    if as_json:
        typer.echo(json.dumps(asdict(report), indent=2))
    else:
        Console(highlight=False).print(_table(report))
    if not report.held:
        raise typer.Exit(1)


@contextmanager
def _progress_line(profile: LoadProfile, log: LoadLog) -> Iterator[None]:
    """Show progress on a terminal while the block runs."""
    console, over = Console(stderr=True, highlight=False), threading.Event()
    if not console.is_terminal:
        yield
        return
    with console.status("") as line:

        def update() -> None:
            while not over.wait(0.5):
                line.update(progress(profile, log))

        thread = threading.Thread(target=update, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join()


def progress(profile: LoadProfile, log: LoadLog) -> str:
    """Return the progress of a load test in one line."""
    asked = f"{len(log.sent_s):,} of {profile.people:,} sent, {len(log.refused):,} refused"
    if not log.samples:
        return asked
    now = log.samples[-1]
    queues = ", ".join(f"{name} {stage.waiting:,}" for name, stage in now.stages.items())
    return f"{asked}, queued: {queues}; overload level: {now.overload_level}"


def _table(report: Report) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, words in _rows(report).items():
        table.add_row(name, words)
    return table


def _rows(report: Report) -> dict[str, str]:
    refused = ", ".join(f"{n:,} {reason}" for reason, n in report.refused.items())
    median, p95 = report.actual_s
    return {
        "requests": f"{report.people:,} in {report.minutes:g} minutes, "
        f"{report.peak_per_s:.1f} a second at the peak",
        "accepted": f"{report.accepted:,}",
        "refused": refused or "none",
        **_if_any("sent again", report.resent, "times, because the ledger did not answer"),
        "admission": f"median {report.intake_ms[0]:.1f} ms, 99% within {report.intake_ms[1]:.1f} ms",
        "answered": f"{report.painted:,} paintings ({report.reused:,} reused), "
        f"{report.apologised:,} apologies",
        "speed": f"{report.answered_per_s:.1f} answers a second",
        "promised wait": f"{span(report.promised_s)} on average",
        "actual wait": f"median {span(median)}, 95% within {span(p95)}",
        "within promise": f"{report.within_promise:.0%} within 1.25 times the promised wait",
        **_if_any("still queued", report.waiting, "when the load test was stopped"),
        "lost": f"{report.lost}",
        "answered twice": f"{report.doubled}",
        "longest queue": f"{report.most_waiting:,} for {report.bottleneck}"
        if report.bottleneck
        else "none",
        "overload level": report.overload_level,
        "to add": report.add,
    }


def _if_any(name: str, count: int, words: str) -> dict[str, str]:
    return {name: f"{count:,} {words}"} if count else {}
