"""Speed-ups that keep pictures the same: fastest attention, compiled blocks, cached kernels."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError

import torch

from pipeline.engines.diffusion.device import Device
from pipeline.engines.diffusion.torch_types import Net

EXACT_ATTENTION = ("native", "_native_cudnn", "flash", "_flash_3")
"""Exact backends; quantised ones change pictures and are left out."""


def choose_attention(body: Net, name: str, device: Device, try_out: Callable[[], None]) -> str:
    """Set the network's attention backend and return its name.

    `try_out` paints a typical picture; with `fastest` it is timed once with every backend that this
    machine has. The choice is global to the process (the library's registry is).
    """
    names = EXACT_ATTENTION if name == "fastest" else (name,)
    if device.name == "cpu":
        names = ("native",)
    timed = {name: _timed(body, name, device, try_out) for name in names}
    best = min(timed, key=lambda name: timed[name])
    body.set_attention_backend(best)
    return best


def compile_blocks(body: Net, any_shape: bool, try_out: Callable[[], None]) -> None:
    """Compile the blocks that a network repeats, once for all of them.

    Where that fails in `try_out` (often there is no C compiler), the network stays as it was, with a
    warning.
    """
    if not any_shape:
        # Each shape is a compilation of its own; beyond the default limit of 8, slow code runs instead.
        torch._dynamo.config.recompile_limit = 64
    body.compile_repeated_blocks(dynamic=any_shape)
    try:
        try_out()
    except torch._dynamo.exc.TorchDynamoException as error:
        for module in body.modules():
            module._compiled_call_impl = None
        message = f"blocks cannot be compiled, painting without compiled blocks: {error}"
        warnings.warn(message, RuntimeWarning, stacklevel=2)


def recall_kernels(file: Path) -> bool:
    """Load the kernels that an earlier process compiled; return whether there were any."""
    if not file.exists():
        return False
    try:
        return torch.compiler.load_cache_artifacts(file.read_bytes()) is not None
    except (RuntimeError, ValueError, EOFError, UnpicklingError):
        return False  # incomplete or from another build: it is written again


def keep_kernels(file: Path) -> None:
    """Save the kernels that this process compiled for the next one."""
    artifacts = torch.compiler.save_cache_artifacts()
    if artifacts is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_suffix(f".{time.monotonic_ns():x}.part")
    unfinished.write_bytes(artifacts[0])
    unfinished.replace(file)


def _timed(body: Net, name: str, device: Device, try_out: Callable[[], None]) -> float:
    try:
        body.set_attention_backend(name)
        try_out()
        device.mark()()
        start = time.perf_counter()
        try_out()
        device.mark()()
        return time.perf_counter() - start
    except (RuntimeError, ImportError, ValueError):
        return float("inf")
