"""Kills everything, again and again, and counts: what was asked, what was answered, lost, doubled.

`python -m tools.chaos --jobs 500` ends with one line of figures, and with 1 when a promise is broken.
`--platform` chooses who asks, `--rolling` restarts every process in turn instead of killing any.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tools.chaos.battlefield import Battlefield
from tools.chaos.fake import FakeWorld
from tools.chaos.fight import Killing, Rolling, fight
from tools.chaos.telegram import TelegramWorld
from tools.chaos.world import APOLOGY, PAINTING, Books, World
from tools.chaos.x import XWorld


def main() -> int:
    """Fight once; print a table and the closing line."""
    wish = _wish()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        field = Battlefield(Path(folder), _world(wish), wish.seed)
        try:
            books = _fight(field, wish)
        finally:
            field.end()
    _tell(books, field.counts + Counter(field.unclean), time.monotonic() - began)
    broken = books.lost or books.doubled or field.unclean
    # Who is asked to end and started anew has no excuse for an apology.
    return 1 if broken or (wish.rolling and books.first(APOLOGY)) else 0


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
    return wish


def _world(wish: argparse.Namespace) -> World:
    reconciles, faulty = not wish.no_reconcile, not wish.rolling
    match wish.platform:
        case "telegram":
            return TelegramWorld(wish.jobs, wish.seed, faulty=faulty)
        case "x":
            return XWorld(wish.jobs, wish.seed, reconciles=reconciles, faulty=faulty)
    return FakeWorld(wish.jobs, wish.seed, reconciles=reconciles, faulty=faulty)


def _fight(field: Battlefield, wish: argparse.Namespace) -> Books:
    patience_s = wish.patience or 60 + 2 * wish.jobs
    if not wish.rolling:
        return fight(field, Killing(field), patience_s)
    rolling = Rolling(field, wish.jobs)
    books = fight(field, rolling, patience_s, lambda: rolling.is_round)
    if not rolling.is_round:
        field.unclean.append("patience ended before everybody was restarted")
    return books


def _tell(books: Books, done: Mapping[str, int], seconds: float) -> None:
    table = Table("what happened", "times")
    for what, times in sorted({**done, **books.counts}.items()):
        table.add_row(what, str(times))
    Console().print(table)
    sys.stdout.write(
        f"asked={books.of} answered={books.first(PAINTING)} apologised={books.first(APOLOGY)} "
        f"lost={books.lost} doubled={books.doubled} seconds={seconds:.0f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
