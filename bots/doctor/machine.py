"""This machine: Python and its packages, the disk, the GPU."""

from __future__ import annotations

import platform
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

from bots.doctor.findings import Finding, green, red, yellow
from pipeline.sandbox import filters_system_calls
from tasks.settings import Settings

_GIB = 1 << 30
_DISK_RED_GIB = 0.5
_DISK_YELLOW_GIB = 5.0
_GPU_FIELDS = ("name", "driver_version", "memory.total", "memory.free")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU of this machine."""

    name: str
    driver: str
    total_mib: int
    free_mib: int

    def in_words(self) -> str:
        """Describe it in one line."""
        free, total = self.free_mib / 1024, self.total_mib / 1024
        return f"{self.name}, driver {self.driver}, {free:.1f} of {total:.1f} GiB free"


def check_machine(settings: Settings) -> Iterator[Finding]:
    """Look at what every process of the bot needs from its machine."""
    yield _packages()
    yield _disk(settings.data_dir)
    yield _gpu(settings)
    yield sandbox_finding(filters_system_calls())


def _packages() -> Finding:
    python = platform.python_version()
    wrong = [slip for line in requires("suisai") or () if (slip := _slip(Requirement(line)))]
    if wrong:
        return red("Python", f"{python}; {'; '.join(wrong)}", "python -m pip install -U suisai")
    return green("Python", f"{python}, Suisai {version('suisai')} and all it needs")


def _slip(need: Requirement) -> str:
    """Say what is wrong with one requirement, empty when it is met or not asked for here."""
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
    says = f"{free:.1f} GiB free for {folder}"
    mend = "free some space, or set SUISAI_DATA_DIR to another disk"
    if free < _DISK_RED_GIB:
        return red("disk", says, mend)
    return yellow("disk", says, mend) if free < _DISK_YELLOW_GIB else green("disk", says)


def _gpu(settings: Settings) -> Finding:
    gpus = gpus_here()
    if gpus:
        return green("GPU", "; ".join(gpu.in_words() for gpu in gpus))
    if settings.engine == "diffusion":
        return red(
            "GPU",
            "none found, but SUISAI_ENGINE=diffusion needs one",
            "install the NVIDIA driver, or set SUISAI_ENGINE=auto",
        )
    return green("GPU", "none: the painter paints on the CPU")


def sandbox_finding(filtered: bool) -> Finding:
    """Tell what confines the process that decodes photos."""
    if filtered:
        return green("sandbox", "photos are decoded under resource limits and a system call filter")
    return yellow(
        "sandbox",
        "photos are decoded under resource limits only: this kernel offers no system call filter",
        "run the workers on Linux, x86-64 or arm64, with seccomp; see docs/safety.md",
    )


def gpus_here() -> list[Gpu]:
    """Return the NVIDIA GPUs of this machine, as its driver knows them."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    ask = [tool, f"--query-gpu={','.join(_GPU_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        rows = subprocess.run(ask, capture_output=True, text=True, timeout=10, check=True).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    return [gpu_from(row) for row in rows.splitlines() if row.count(",") == 3]


def gpu_from(row: str) -> Gpu:
    """Read one row of what `nvidia-smi` prints."""
    name, driver, total_mib, free_mib = (cell.strip() for cell in row.split(","))
    return Gpu(name, driver, int(total_mib), int(free_mib))
