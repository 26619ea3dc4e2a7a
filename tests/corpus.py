"""Opens every file of a folder as the bot does, and prints the results.

`python -m tests.corpus DIR` prints a line for each file that is not accepted, and a summary. It fails if a
file crashed its decoder, hung, or raised an unknown error. Run it on an idle machine: a file that takes more
than three seconds counts as hung.
"""

from __future__ import annotations

import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from pipeline.errors import PhotoRefused
from pipeline.photo import REASONS, decoders, open_photo
from pipeline.sandbox import InvalidAnswer, JobDied, Sandbox, SandboxUnusable

HUNG_S = 3.0
"""Maximum time for one file."""


def main(folder: Path) -> int:
    """Open the files of a folder, print the results, return the exit status."""
    sandbox = decoders()
    ends: Counter[str] = Counter()
    slowest_s = 0.0
    for path in files_under(folder):
        began = time.perf_counter()
        end, why = end_of(path.read_bytes(), sandbox)
        took_s = time.perf_counter() - began
        slowest_s = max(slowest_s, took_s)
        if took_s > HUNG_S:
            end = "hung"
        ends[end] += 1
        if end != "accepted":
            print(f"{path.relative_to(folder)}\t{end}\t{why}\t{took_s:.2f} s")
    sandbox.close()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"files={ends.total()} accepted={ends['accepted']} refused={ends['refused']} "
        f"crashed={ends['crashed']} hung={ends['hung']} unnamed={ends['unnamed']} "
        f"slowest_s={slowest_s:.2f} peak_mb={peak_mb:.0f}"
    )
    return int(ends["crashed"] + ends["hung"] + ends["unnamed"] > 0)


def files_under(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and those below it, in the order of their names."""
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def end_of(data: bytes, sandbox: Sandbox) -> tuple[str, str]:
    """Return the result for a file (accepted, refused, crashed, hung, unnamed) and its reason."""
    try:
        open_photo(data, sandbox=sandbox)
    except PhotoRefused as refused:
        cause = refused.__cause__
        died = isinstance(cause, JobDied) and not cause.cpu_exceeded
        crashed = died or isinstance(cause, InvalidAnswer)
        named = refused.reason in REASONS
        end = "crashed" if crashed else "refused" if named else "unnamed"
        return end, " ".join([refused.reason, *(f"{k}={v}" for k, v in refused.facts.items())])
    except SandboxUnusable as error:
        return "hung", str(error)
    except Exception as error:
        return "unnamed", repr(error)
    return "accepted", ""


def folder_from(arguments: list[str]) -> Path:
    """Return the folder on the command line; exit with a message if there is none."""
    if len(arguments) != 1 or not arguments[0] or not (folder := Path(arguments[0])).is_dir():
        sys.exit(f"Name a folder of photos: make corpus DIR=photos/ (not {' '.join(arguments)!r})")
    if not any(files_under(folder)):
        sys.exit(f"There is no file in {folder}.")
    return folder


if __name__ == "__main__":
    sys.exit(main(folder_from(sys.argv[1:])))
