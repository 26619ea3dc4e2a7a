"""The ledger in a surge: `python -m benchmarks.surge [--json] [--quick] [--only PART]`.

Measures admissions, completed jobs and refusals per second, the cost of a call with a million queued jobs,
and the accuracy of the promised waits. Uses the embedded Valkey, which syncs every write to disk, but no
engine and no network.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.table import Table

from benchmarks._depth import depth
from benchmarks._rates import rates
from benchmarks._storm import storm

Figures = Mapping[str, float | str]
PARTS: Mapping[str, Callable[[bool], Figures]] = {
    "rates": lambda quick: rates(*((4_000, 4_000) if quick else (12_000, 12_000))),
    "depth": lambda quick: depth(20_000 if quick else 1_000_000),
    "storm": lambda quick: storm(100 if quick else 300),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--only", choices=PARTS, help="one part")
    options = parser.parse_args()
    parts = [options.only] if options.only else list(PARTS)
    figures = {part: PARTS[part](options.quick) for part in parts}
    if options.json:
        print(json.dumps(figures, indent=2))
        return
    for part, rows in figures.items():
        Console().print(_table(part, rows))


def _table(part: str, rows: Figures) -> Table:
    table = Table("figure", part, title=f"the ledger in a surge: {part}")
    table.columns[1].justify = "right"
    for name, value in rows.items():
        table.add_row(name, value if isinstance(value, str) else _number(value))
    return table


def _number(value: float) -> str:
    return f"{value:,.2f}" if value < 100 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
