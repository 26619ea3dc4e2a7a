"""The GPUs of this machine, as nvidia-smi lists them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass

_GPU_FIELDS = ("name", "driver_version", "memory.total", "memory.free")


@dataclass(frozen=True, slots=True)
class Gpu:
    """One GPU of this machine."""

    name: str
    driver: str
    total_mib: int
    free_mib: int

    def describe(self) -> str:
        """Describe it in one line."""
        free, total = self.free_mib / 1024, self.total_mib / 1024
        return f"{self.name}, driver {self.driver}, {free:.1f} of {total:.1f} GiB free"


def gpus_here() -> list[Gpu]:
    """Return the NVIDIA GPUs of this machine; empty if nvidia-smi is missing or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    command = [tool, f"--query-gpu={','.join(_GPU_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        rows = subprocess.run(
            command, capture_output=True, text=True, timeout=10, check=True
        ).stdout
    except (subprocess.SubprocessError, OSError):
        return []
    return [gpu_from(row) for row in rows.splitlines() if row.count(",") == 3]


def gpu_from(row: str) -> Gpu:
    """Parse one row of nvidia-smi's CSV output."""
    name, driver, total_mib, free_mib = (cell.strip() for cell in row.split(","))
    return Gpu(name, driver, int(total_mib), int(free_mib))
