"""`suisai top` and `suisai status`: the bot's state in the terminal, live or once."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from bots.commands.common import services, stop_on_signals
from bots.i18n.translate import span
from bots.web.status_data import failures, overview
from tasks.errors import StoreError
from tasks.stats import FleetStats, read_stats

_RATES_OVER_S = 30.0

_LEVEL_STYLES = {"normal": "green", "brownout": "yellow", "refuse": "red"}


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(status)
    app.command()(top)


def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print what the page /status shows: queues, pauses, workers, the last failures.

    [dim]Example:[/dim] suisai status
    """
    opened = services()
    now, failed = read_stats(opened), failures(opened)
    if as_json:
        typer.echo(json.dumps(overview(now) | {"failures": failed}, ensure_ascii=False, indent=2))
        return
    console = Console(highlight=False)
    console.print(screen([now]))
    console.print(Group(Text(), *_trouble(now, failed)))


def _trouble(now: FleetStats, failed: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    refusals = Table("refused", "reason", "count", box=None, pad_edge=False)
    for platform, reason, count in overview(now)["refusals"]:
        refusals.add_row(platform, reason, f"{count:,}")
    if refusals.row_count:
        yield refusals
        yield Text()
    dead = Table("given up", "platform", "reason", "when", box=None, pad_edge=False)
    for job in failed:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(job["at"]))
        dead.add_row(job["id"], job["platform"], job["reason"], when)
    if dead.row_count:
        yield dead
        yield Text()
    memory = f"{now.memory_bytes / 1e6:,.0f} MB"
    if now.memory_limit_bytes:
        memory += f" of {now.memory_limit_bytes / 1e6:,.0f} MB"
    yield Text(f"ledger: {memory}   operator page: suisai operator-link")


def top(
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between updates.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print once and exit.")] = False,
) -> None:
    """Show queues, workers, waits and pauses, live, until Ctrl-C.

    [dim]Example:[/dim] suisai top
    """
    opened = services()
    console = Console()
    if once or not sys.stdout.isatty():
        console.print(screen([read_stats(opened)]))
        return
    watch(lambda: read_stats(opened), console, every, stop_on_signals())


def watch(
    look: Callable[[], FleetStats], console: Console, every_s: float, stop: threading.Event
) -> None:
    """Redraw until `stop` is set; retry while the ledger does not answer."""
    seen: deque[FleetStats] = deque()
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while not stop.is_set():
            try:
                seen.append(look())
            except StoreError as error:
                live.update(
                    Text(f"The ledger does not answer, trying again: {error}"), refresh=True
                )
            else:
                while seen[-1].at - seen[0].at > _RATES_OVER_S:
                    seen.popleft()
                live.update(screen(seen), refresh=True)
            stop.wait(every_s)


def screen(seen: deque[FleetStats] | list[FleetStats]) -> RenderableType:
    """Draw the newest of some samples; rates are between the first and the last."""
    first, now = seen[0], seen[-1]
    parts: list[RenderableType] = [_head(now), _stages(now), _flow(first, now)]
    if now.models:
        parts.append(_models(now))
    parts.append(_processes(now))
    return Group(*(Padding(part, (0, 0, 1, 0)) for part in parts))


def _head(now: FleetStats) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(now.at))
    head = Text.assemble(
        ("Suisai", "bold"),
        f"  {clock}  overload level: ",
        (now.overload_level, _LEVEL_STYLES.get(now.overload_level, "")),
    )
    if now.paused:
        head.append(f"  paused: {', '.join(sorted(now.paused))}", "red")
    if now.dead:
        head.append(f"  {now.dead} given up (suisai dead list)", "yellow")
    return head


def _stages(now: FleetStats) -> Table:
    table = Table("stage", box=None, pad_edge=False, expand=True)
    for title in ("queued", "in progress", "oldest", "throughput", "latency"):
        table.add_column(title, justify="right")
    table.add_column("lanes")
    for stage, s in now.stages.items():
        table.add_row(
            stage,
            f"{s.waiting:,}",
            f"{s.leased:,}",
            span(s.oldest_s) if s.waiting else "",
            f"{s.jobs_per_s:.1f}/s" if s.jobs_per_s else "?",
            span(s.latency_s) if s.latency_s else "?",
            ", ".join(f"{lane} {count:,}" for lane, count in list(s.ready.items())[:4]),
        )
    return table


def _flow(first: FleetStats, now: FleetStats) -> Table:
    table = Table("", box=None, pad_edge=False)
    table.add_column("total", justify="right")
    table.add_column("per minute", justify="right")
    for name in ("admitted", "refused", "answered", "apologised", "painted", "reused", "retried"):
        total, before = _total(now, name), _total(first, name)
        minutes = (now.at - first.at) / 60
        rate = f"{(total - before) / minutes:,.0f}" if minutes > 0 else ""
        table.add_row(name, f"{total:,}", rate)
    answered = _total(now, "answered")
    if answered:
        actual = now.counts.get("waited-ms", 0) / 1000 / answered
        promised = now.counts.get("promised-ms", 0) / 1000 / answered
        table.add_row("wait", span(actual), f"promised {span(promised)}")
    return table


def _models(now: FleetStats) -> Table:
    table = Table("model", box=None, pad_edge=False)
    for title in ("workers", "queued", "routed", "painted", "failed", "painted by another"):
        table.add_column(title, justify="right")
    for name, model in now.models.items():
        workers = str(model.workers) if model.workers else Text("0", "yellow")
        counts = (model.waiting, model.routed, model.painted, model.failed, model.missed)
        table.add_row(name, workers, *(f"{count:,}" for count in counts))
    return table


def _total(gauges: FleetStats, name: str) -> int:
    ended = name in ("answered", "apologised")
    return gauges.total("ended", name) if ended else gauges.total(name)


def _processes(now: FleetStats) -> Table:
    table = Table("process", "host:pid", "uptime", "", box=None, pad_edge=False)
    for each in now.processes[:30]:
        facts = ", ".join(each.facts.values())
        if each.name in now.draining and "state" not in each.facts:
            facts += ", draining" if facts else "draining"
        table.add_row(each.kind, each.name, span(max(0.0, now.at - each.since)), facts)
    if not now.processes:
        table.add_row(Text("no process is running: suisai up", "red"), "", "", "")
    return table
