"""Measures one GPU in less than ten minutes: speed, minimum time, memory, cold start.

`python -m benchmarks.gpu [--out TABLE.md] [--budget-s 540] [--smoke]`. Writes FLUX.2 klein 4B with random
weights (16 GB, no download) into a temporary folder, opens it like a worker, in a separate process for each
recipe of the model files, and paints squares of 512, 768 and 1024 px in batches of 1, 2 and 4. Measurements
that do not fit into the time budget are skipped and listed. `--smoke` runs the same on the CPU with a model
of half a megabyte, in one process, to test the script; its figures have no meaning.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.models import Model, Recipe, load_model

if TYPE_CHECKING:
    from pipeline.engines.diffusion.loaded_model import LoadedModel

RECIPES = ("flux2-klein", "flux2-klein-8gb")
SIDES_PX = (512, 768, 1024)
BATCHES = (1, 2, 4)
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Figure:
    """The measurements of one picture size and batch size of one recipe."""

    side_px: int
    batch: int
    ms_per_picture: float
    of_floor: float
    """Time for the arithmetic, at the speed of a large matrix product, as a share of the measured time."""
    idle: float | None
    """Share of the time in which the GPU was idle; None on a CPU."""
    memory_gib: float | None
    """Peak of the allocated memory while painting, including the model."""


@dataclass(frozen=True, slots=True)
class RecipeReport:
    """The measurements of one recipe of the model files on this GPU."""

    recipe: str
    device: str
    claimed_gib: float
    """`memory_gib` of the model file."""
    peak_tflops: float
    open_s: float
    """From the start of the process until the model is in memory and its prompts are encoded."""
    warm_up_s: float
    """From then until the first job could be claimed: attention chosen, compiled, every shape painted."""
    photos_per_call: int
    """Maximum number of photos of the recipe's size per call, as measured by the engine."""
    figures: tuple[Figure, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """The measurements of one process, and the folder of the files."""

    folder: str
    recipe: str
    smoke: bool
    ends_at: float
    """`time.time()` after which no further measurement starts."""
    figures: bool = True
    """False: only the start is measured."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=None)
    parser.add_argument("--budget-s", type=float, default=540.0)
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--child", default="", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if find_spec("torch") is None or find_spec("diffusers") is None:
        print("skipped: needs the extra `gpu`")
        return
    if options.child:
        began = _process_start()
        print(json.dumps(asdict(measure(Plan(**json.loads(options.child)), began))))
        return
    if not options.smoke and not _has_gpu():
        print("skipped: there is no GPU that torch can use; --smoke runs a tiny model on the CPU")
        return
    written = table(list(run(options.smoke, time.time() + options.budget_s)))
    if options.out is not None:
        options.out.write_text(written, "utf-8")
    print(written)


def _has_gpu() -> bool:
    import torch

    return bool(torch.cuda.is_available())


def run(smoke: bool, ends_at: float) -> Iterator[RecipeReport]:
    """Measure every recipe, and a second start of the first one with cached kernels."""
    with tempfile.TemporaryDirectory(prefix="suisai-gpu-") as folder:
        if smoke:
            write_model(Path(folder), smoke=True)
        else:
            code = f"from benchmarks.gpu import Path, write_model; write_model(Path({folder!r}), smoke=False)"
            subprocess.run([sys.executable, "-c", code], check=True)
        plans = [Plan(folder, recipe, smoke, ends_at) for recipe in RECIPES]
        plans.insert(1, Plan(folder, RECIPES[0], smoke, ends_at, figures=False))
        for plan in plans:
            if time.time() < ends_at:
                yield measure(plan, time.time()) if smoke else _in_new_process(plan)


def _in_new_process(plan: Plan) -> RecipeReport:
    command = [sys.executable, "-m", "benchmarks.gpu", "--child", json.dumps(asdict(plan))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        last = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        return RecipeReport(plan.recipe, "", 0.0, 0.0, 0.0, 0.0, 0, (), (f"failed: {last[:120]}",))
    report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    figures = tuple(Figure(**figure) for figure in report.pop("figures"))
    return RecipeReport(figures=figures, left_out=tuple(report.pop("left_out")), **report)


def write_model(folder: Path, smoke: bool) -> None:
    """Write the files of klein with random weights, in real size or tiny."""
    from benchmarks._klein import real_bench
    from tests.pipeline.engines.diffusion.tiny import make_klein

    if smoke:
        make_klein(folder / "klein")
    else:
        real_bench("cuda").pipe.save_pretrained(folder / "klein")


def measure(plan: Plan, began: float) -> RecipeReport:
    """Open one recipe like a worker and measure it. `began`: `time.time()` at the start of the process."""
    import torch

    from benchmarks._diffusion import STYLE, matrix_product_flops
    from pipeline.engines.diffusion import Options
    from pipeline.engines.diffusion.loaded_model import open_model
    from pipeline.engines.diffusion.loading import DTYPES

    if plan.smoke:
        # The model is too small for several threads, which would mostly wait for each other.
        torch.set_num_threads(1)
    folder, model = Path(plan.folder), _model(plan)
    device = "cpu" if plan.smoke else "cuda"
    options = Options(folder, folder / "cache", device=device, compiled=not plan.smoke)
    loaded = open_model(model, [STYLE], options)
    opened = time.time()
    photos_per_call = loaded.warm_up()
    warm = time.time()
    peak = matrix_product_flops(device, DTYPES[model.dtype])
    figures, left_out = [], []
    sides, batches = ((32,), (1, 2)) if plan.smoke else (SIDES_PX, BATCHES)
    for side_px in sides if plan.figures else ():
        floor_s = _operations(loaded, side_px, plan.smoke) / peak
        for batch in batches:
            if time.time() > plan.ends_at:
                left_out.append(f"{side_px} px, batch {batch}: the budget was used up")
                continue
            try:
                figures.append(_figure(loaded, side_px, batch, floor_s))
            except RuntimeError as error:
                loaded.tidy()
                left_out.append(f"{side_px} px, batch {batch}: {str(error).splitlines()[0][:80]}")
    return RecipeReport(
        plan.recipe,
        loaded.device.title,
        model.memory_gib,
        peak / 1e12,
        opened - began,
        warm - opened,
        photos_per_call,
        tuple(figures),
        tuple(left_out),
    )


def _model(plan: Plan) -> Model:
    model = load_model(plan.recipe)
    model = replace(model, source=replace(model.source, repository="klein"))
    if not plan.smoke:
        return model
    # torch does not convert 8-bit floats on the CPU, and the tiny model supports short texts only.
    small = Recipe(steps=1, side_px=32)
    return replace(
        model, recipe=small, draft=small, dtype="float32", text_tokens=64, quantisation="none"
    )


def _figure(loaded: LoadedModel, side_px: int, batch: int, floor_s: float) -> Figure:
    from benchmarks._diffusion import idle_share

    def paint() -> None:
        _paint(loaded, side_px, batch)

    device = loaded.device
    paint()
    held = _allocated(device.name)
    peak = device.watch_peak()
    times = []
    for _ in range(ROUNDS):
        device.mark()()
        begun = time.perf_counter()
        paint()
        device.mark()()
        times.append(time.perf_counter() - begun)
    added = peak()
    per_picture_s = min(times) / batch
    return Figure(
        side_px,
        batch,
        per_picture_s * 1000,
        floor_s / per_picture_s,
        None if device.name == "cpu" else idle_share(device, paint),
        None if held is None else (held + added) / (1 << 30),
    )


def _paint(loaded: LoadedModel, side_px: int, batch: int) -> None:
    from benchmarks._diffusion import jobs_of
    from pipeline.engines.diffusion.batching import BatchKey
    from pipeline.engines.diffusion.canvas import Shape, stretch

    key = BatchKey("1x1", Shape(side_px, side_px), loaded.model.recipe.steps, ())
    jobs = jobs_of(batch, side_px)
    canvases = [stretch(job.pixels, key.shape) for job in jobs]
    loaded.run_batch(key, jobs, canvases, range(batch), lambda _: None)


def _allocated(device: str) -> int | None:
    import torch

    return None if device == "cpu" else torch.cuda.memory_allocated(device)


def _operations(loaded: LoadedModel, side_px: int, smoke: bool) -> float:
    from benchmarks._diffusion import counted_operations, operations

    if smoke:
        return counted_operations(lambda: _paint(loaded, side_px, 1))
    return operations(side_px)


def _process_start() -> float:
    """Return the `time.time()` at which this process was started (Linux)."""
    ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
    up_s = float(Path("/proc/uptime").read_text().split()[0])
    return time.time() - (up_s - ticks / os.sysconf("SC_CLK_TCK"))


def table(reports: Sequence[RecipeReport]) -> str:
    """Return the reports as Markdown."""
    import torch

    first = next((report for report in reports if report.figures), reports[0])
    lines = [
        f"Measured on: {first.device}; torch {torch.__version__}; large matrix product "
        f"{first.peak_tflops:.3g} TFLOP/s; random weights.",
        "",
        "| recipe | px | batch | ms per picture | of floor | idle | GiB used | GiB claimed |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        lines += [
            f"| {report.recipe} | {each.side_px} | {each.batch} | {each.ms_per_picture:.0f} "
            f"| {each.of_floor:.0%} | {_share(each.idle)} | {_gib(each.memory_gib)} "
            f"| {report.claimed_gib:g} |"
            for each in report.figures
        ]
    lines += [
        "",
        "| recipe | start | opened after s | warm-up s | photos per call |",
        "|---|---|---|---|---|",
    ]
    seen: set[str] = set()
    for report in reports:
        start = "with kept kernels" if report.recipe in seen else "first"
        seen.add(report.recipe)
        if not report.photos_per_call:
            continue
        lines.append(
            f"| {report.recipe} | {start} | {report.open_s:.1f} | {report.warm_up_s:.1f} "
            f"| {report.photos_per_call} |"
        )
    missing = [f"{report.recipe}, {what}" for report in reports for what in report.left_out]
    missing += [f"{recipe}: the budget was used up" for recipe in RECIPES if recipe not in seen]
    lines += ["", *(f"Left out: {what}." for what in missing)]
    return "\n".join(lines).rstrip() + "\n"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _gib(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


if __name__ == "__main__":
    main()
