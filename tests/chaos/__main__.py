"""Kills everything, again and again, and counts: what was asked, what was answered, lost, doubled.

`python -m tests.chaos --jobs 500` ends with one line of figures, and with 1 when a promise is broken.
`--platform` chooses who asks, `--rolling` restarts every process in turn instead of killing any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.battlefield import Battlefield
from tests.chaos.fake import FakeWorld
from tests.chaos.fight import Killing, Rolling, fight
from tests.chaos.telegram import TelegramWorld
from tests.chaos.world import APOLOGY, PAINTING, Books, World
from tests.chaos.x import XWorld


def main() -> int:
    """Fight once; print a table and the closing line."""
    wish = _wish()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        field = Battlefield(Path(folder), _world(wish, Path(folder)), wish.seed)
        try:
            books = _fight(field, wish)
        finally:
            field.end()
    return _tell(books, field.counts, time.monotonic() - began, calm=wish.rolling)


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--platform", choices=["fake", "telegram", "x"], default="fake")
    parser.add_argument("--no-reconcile", action="store_true", help="never ask the platform")
    parser.add_argument("--rolling", action="store_true", help="restart in turn, kill nobody")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--patience", type=float, help="seconds; 60 and two more per job if not set"
    )
    wish = parser.parse_args()
    if wish.no_reconcile and wish.platform == "telegram":
        parser.error("on Telegram an answer is an edit, which can be repeated: there is no asking")
    if wish.rolling and wish.platform == "fake":
        parser.error("the fake platform's intake knows no SIGTERM: choose telegram or x")
    return wish


def _world(wish: argparse.Namespace, folder: Path) -> World:
    reconciles, faulty = not wish.no_reconcile, not wish.rolling
    match wish.platform:
        case "telegram":
            return TelegramWorld(wish.jobs, wish.seed, faulty=faulty)
        case "x":
            return XWorld(wish.jobs, wish.seed, reconciles=reconciles, faulty=faulty)
    return FakeWorld(folder, wish.jobs, wish.seed, reconciles=reconciles)


def _fight(field: Battlefield, wish: argparse.Namespace) -> Books:
    patience_s = wish.patience or 60 + 2 * wish.jobs
    if not wish.rolling:
        return fight(field, Killing(field), patience_s)
    rolling = Rolling(field, wish.jobs)
    return fight(field, rolling, patience_s, lambda: rolling.is_round)


def _tell(books: Books, done: Mapping[str, int], seconds: float, *, calm: bool) -> int:
    table = Table("what happened", "times")
    for what, times in sorted({**done, **books.counts}.items()):
        table.add_row(what, str(times))
    Console().print(table)
    sys.stdout.write(
        f"asked={books.of} answered={books.first(PAINTING)} apologised={books.first(APOLOGY)} "
        f"lost={books.lost} doubled={books.doubled} seconds={seconds:.0f}\n"
    )
    unclean = calm and any("ended with" in what for what in done)
    return 1 if books.lost or books.doubled or unclean else 0


if __name__ == "__main__":
    sys.exit(main())
