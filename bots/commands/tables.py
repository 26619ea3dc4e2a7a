"""Tables for a terminal of 80 columns: long words are folded, never cut off."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


def table(*columns: str, fixed: tuple[str, ...] = ()) -> Table:
    """Return a table with these headings; the columns named in `fixed` are never wrapped."""
    made = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1))
    for title in columns:
        made.add_column(title, overflow="fold", no_wrap=title in fixed)
    return made


def show(shown: Table) -> None:
    """Print a table without highlighting."""
    Console(highlight=False).print(shown)
