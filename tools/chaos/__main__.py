"""Kill all processes of a bot repeatedly, and count requests: answered, lost, answered twice.

`python -m tools.chaos --jobs 500` prints the counts; the exit code is 1 if a request was lost or answered
twice. `--platform` chooses the platform, `--rolling` restarts each process in turn instead of killing any.
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

from tools.chaos.fake import FakeChaos
from tools.chaos.platform import APOLOGY, PAINTING, ChaosPlatform, Tally
from tools.chaos.run import ChaosRun
from tools.chaos.scenarios import KillScenario, RollingRestart, run_scenario
from tools.chaos.telegram import TelegramChaos
from tools.chaos.x import XChaos


def main() -> int:
    """Run once; print a table and the closing line."""
    args = _arguments()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        run = ChaosRun(Path(folder), _platform(args), args.seed)
        try:
            tally = _run(run, args)
            run.unclean += run.audit()
        finally:
            run.end()
    _print(tally, run.counts + Counter(run.unclean), time.monotonic() - began)
    broken = tally.lost or tally.doubled or tally.promises_left or run.unclean
    # A restart of a process must not cause an apology.
    return 1 if broken or (args.rolling and tally.first(APOLOGY)) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=500)
    parser.add_argument("--platform", choices=["fake", "telegram", "x"], default="fake")
    parser.add_argument("--no-reconcile", action="store_true", help="never ask the platform")
    parser.add_argument(
        "--rolling", action="store_true", help="restart all processes in turn, kill none"
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--patience", type=float, help="seconds; 60 and two more per job if not set"
    )
    args = parser.parse_args()
    if args.no_reconcile and args.platform == "telegram":
        parser.error(
            "Telegram answers by an edit, which can be repeated: the bot asks nothing there"
        )
    return args


def _platform(args: argparse.Namespace) -> ChaosPlatform:
    reconciles, faulty = not args.no_reconcile, not args.rolling
    match args.platform:
        case "telegram":
            return TelegramChaos(args.jobs, args.seed, faulty=faulty)
        case "x":
            return XChaos(args.jobs, args.seed, reconciles=reconciles, faulty=faulty)
    return FakeChaos(args.jobs, args.seed, reconciles=reconciles, faulty=faulty)


def _run(run: ChaosRun, args: argparse.Namespace) -> Tally:
    patience_s = args.patience or 60 + 2 * args.jobs
    if not args.rolling:
        return run_scenario(run, KillScenario(run), patience_s)
    rolling = RollingRestart(run, args.jobs)
    tally = run_scenario(run, rolling, patience_s, lambda: rolling.done)
    if not rolling.done:
        run.unclean.append("patience ended before every process was restarted")
    return tally


def _print(tally: Tally, done: Mapping[str, int], seconds: float) -> None:
    table = Table("what happened", "times")
    for what, times in sorted({**done, **tally.counts}.items()):
        table.add_row(what, str(times))
    Console().print(table)
    sys.stdout.write(
        f"asked={tally.of} answered={tally.first(PAINTING)} apologised={tally.first(APOLOGY)} "
        f"lost={tally.lost} doubled={tally.doubled} seconds={seconds:.0f}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
