"""The `suisai` command, also as `python -m bots`."""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> int:
    """Run the command line; return its exit code. Nothing is imported from the current folder."""
    _leave_current_folder_out()
    from bots.cli import main as run

    return run()


def _leave_current_folder_out() -> None:
    # `python -m` puts the current folder first, where any file may shadow a module of a library.
    checkout = Path(__file__).parents[1]
    if not sys.flags.safe_path and Path(sys.path[0] or ".").resolve() != checkout:
        del sys.path[0]


if __name__ == "__main__":
    sys.exit(main())
