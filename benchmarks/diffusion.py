"""Speed of the diffusion engine's optimisations, compared with diffusers' pipeline called once per photo.

`python -m benchmarks.diffusion [--json] [--tiny] [--uncompiled] [--floor]`. Builds FLUX.2 klein 4B with
random weights in bf16, so that no download is needed. With `--tiny`, or without a GPU, it uses a model of
half a megabyte on the CPU, which tests the benchmark and compares overhead, not arithmetic. `--floor` only
counts the operations of a picture of klein 4B, on any machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from benchmarks._diffusion import Row


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--uncompiled", action="store_true")
    parser.add_argument("--floor", action="store_true")
    options = parser.parse_args()
    if find_spec("torch") is None or find_spec("diffusers") is None:
        print("skipped: needs the extra `gpu`")
        return
    if options.floor:
        print_floor()
        return
    title, rows = measure(options.tiny, not options.uncompiled)
    if options.json:
        print(json.dumps({"on": title, "rows": [asdict(row) for row in rows]}))
    else:
        Console(width=120).print(table(title, rows))


def measure(tiny: bool, compiled: bool) -> tuple[str, list[Row]]:
    """Return a title that names the device, and the rows."""
    import torch

    from benchmarks._diffusion import Comparison
    from benchmarks._klein import real_bench, tiny_bench
    from pipeline.engines.diffusion.torch_types import silence_logging

    silence_logging()
    with tempfile.TemporaryDirectory() as folder:
        if tiny or not torch.cuda.is_available():
            torch.set_num_threads(1)
            name, bench = "tiny klein, fp32, one CPU thread", tiny_bench(Path(folder) / "klein")
        else:
            name, bench = f"klein 4B, bf16, {torch.cuda.get_device_name()}", real_bench("cuda")
        bench.pipe.set_progress_bar_config(disable=True)
        comparison = Comparison(bench, Path(folder))
        title = f"{name}; torch {torch.__version__}; {comparison.peak_tflops:.3g} TFLOP/s"
        return title, list(comparison.rows(compiled))


def print_floor() -> None:
    """Print the number of operations per picture."""
    from benchmarks._diffusion import operations

    for side_px in (512, 768, 1024):
        print(f"{side_px} px: {operations(side_px) / 1e12:.1f} TFLOP a picture")


def table(title: str, rows: list[Row]) -> Table:
    """Format the rows as a table, ordered by size."""
    headings = (
        "px",
        "variant",
        "batch",
        "pictures/s",
        "x naive",
        "floor ms",
        "of floor",
        "idle",
        "GiB",
    )
    result = Table(*headings, title=title)
    for row in sorted(rows, key=lambda row: row.side_px):
        result.add_row(
            str(row.side_px),
            row.variant,
            str(row.batch),
            f"{row.pictures_per_s:.2f}",
            f"{row.times_naive:.2f}",
            f"{row.floor_ms:.3g}",
            f"{row.of_floor:.2f}",
            "-" if row.idle is None else f"{row.idle:.0%}",
            "-" if row.memory_gib is None else f"{row.memory_gib:.1f}",
        )
    return result


if __name__ == "__main__":
    main()
