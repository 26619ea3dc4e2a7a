"""Checks of the machine: disk, memory, GPUs, sandbox, model files."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from bots.findings import Finding, failure, passed, warning
from pipeline.gpu import Gpu, gpus_here
from pipeline.models import ModelUnknown
from pipeline.models.selection import NothingFits, choose_model, missing_parts
from pipeline.sandbox import filters_system_calls
from tasks.engines import models_folder
from tasks.settings import Settings

_GIB = 1 << 30

_DISK_ERROR_GIB = 0.5

_DISK_WARNING_GIB = 5.0


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Check the Python packages, the disk, the GPUs and the sandbox of this machine."""
    yield _packages()
    yield _disk(settings.data_dir)
    yield _gpu(settings)
    yield sandbox_finding(filters_system_calls())


def _packages() -> Finding:
    python = platform.python_version()
    unmet = (_unmet(Requirement(line)) for line in requires("suisai") or ())
    wrong = [problem for problem in unmet if problem]
    if wrong:
        return failure("Python", f"{python}; {'; '.join(wrong)}", "python -m pip install -U suisai")
    return passed("Python", f"{python}, Suisai {version('suisai')} with all its dependencies")


def _unmet(need: Requirement) -> str:
    """Return why a requirement is not met; empty if it is met or does not apply here."""
    if need.marker is not None and not need.marker.evaluate({"extra": ""}):
        return ""
    try:
        found = version(need.name)
    except PackageNotFoundError:
        return f"{need.name} is missing"
    return "" if need.specifier.contains(found, prereleases=True) else f"{need.name} is {found}"


def _disk(folder: Path) -> Finding:
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free / _GIB
    message = f"{free:.1f} GiB free for {folder}"
    fix = "free some space, or set SUISAI_DATA_DIR to another disk"
    if free < _DISK_ERROR_GIB:
        return failure("disk", message, fix)
    return warning("disk", message, fix) if free < _DISK_WARNING_GIB else passed("disk", message)


def _gpu(settings: Settings) -> Finding:
    gpus = gpus_here()
    if gpus:
        return passed("GPU", "; ".join(gpu.describe() for gpu in gpus))
    if settings.engine == "diffusion":
        return failure(
            "GPU",
            "none found, but SUISAI_ENGINE=diffusion needs one",
            "install the NVIDIA driver, or set SUISAI_ENGINE=auto",
        )
    return passed("GPU", "none: the painter paints on the CPU")


def sandbox_finding(filtered: bool) -> Finding:
    """Return the finding on the sandbox; `filtered`: the kernel can filter its system calls."""
    if filtered:
        return passed(
            "sandbox", "photos are decoded under resource limits and a system call filter"
        )
    return warning(
        "sandbox",
        "photos are decoded under resource limits only: this kernel offers no system call filter",
        "run the workers on Linux, x86-64 or arm64, with seccomp; see docs/safety.md",
    )


_MIB = 1 << 20


def check_models(settings: Settings) -> Iterator[Finding]:
    """Check torch and the model files, if the diffusion engine may be used and there is a GPU."""
    if settings.engine == "painter":
        yield passed("engine", "the painter (SUISAI_ENGINE=painter)")
        return
    for gpu in gpus_here():
        yield _model(settings, gpu)
        if find_spec("torch") is None:
            yield warning("engine", "torch is not installed", "python -m pip install 'suisai[gpu]'")


def _model(settings: Settings, gpu: Gpu) -> Finding:
    try:
        model, why = choose_model(settings.model, gpu.free_mib * _MIB)
    except (NothingFits, ModelUnknown) as error:
        finding = failure if settings.engine == "diffusion" else warning
        return finding("model", str(error), "set SUISAI_MODEL, or free GPU memory")
    missing = missing_parts(model, models_folder(settings))
    if missing:
        return warning(
            "model",
            f"{model.name} fits this GPU, but is not downloaded",
            f"suisai models pull {model.name}",
        )
    return passed("model", f"{model.name}: {why}")
