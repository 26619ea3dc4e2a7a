"""The device that paints: its free memory and the progress of its work queue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

import torch

from pipeline.engines.diffusion.options import NO_GPU
from pipeline.errors import EngineUnusable

Done = Callable[[], None]
"""Waits until the work that was queued before this mark is done."""


class Device(Protocol):
    """A processor that paints."""

    name: str
    """As torch calls it, e.g. `cuda:0`."""
    title: str
    """As its maker calls it."""

    def free_bytes(self) -> int | None:
        """Return the memory that is free for this process, None if the device does not report it."""
        ...

    def watch_peak(self) -> Callable[[], int]:
        """Begin to track memory; the returned function gives the peak increase since, in bytes."""
        ...

    def mark(self) -> Done:
        """Mark the current position in the work queue."""
        ...

    def tidy(self) -> None:
        """Release cached memory."""
        ...

    def entered(self) -> AbstractContextManager[object]:
        """Make this the device of the calling thread, for as long as the context lasts."""
        ...


class Cpu:
    """The host's CPU: work is done when the call returns, and memory is not tracked."""

    name = "cpu"
    title = "CPU"

    def free_bytes(self) -> int | None:
        return None

    def watch_peak(self) -> Callable[[], int]:
        return lambda: 0

    def mark(self) -> Done:
        return lambda: None

    def tidy(self) -> None:
        """Nothing is held."""

    def entered(self) -> AbstractContextManager[object]:
        return nullcontext()


class Cuda:
    """One NVIDIA GPU (or one that torch drives in the same way)."""

    def __init__(self, name: str) -> None:
        index = torch.device(name).index
        # Always with its index: plain `cuda` is the calling thread's current GPU, which may differ.
        self.name = f"cuda:{torch.cuda.current_device() if index is None else index}"
        self.title = torch.cuda.get_device_name(self.name)

    def free_bytes(self) -> int | None:
        free, _ = torch.cuda.mem_get_info(self.name)
        held = torch.cuda.memory_reserved(self.name) - torch.cuda.memory_allocated(self.name)
        return int(free + held)

    def watch_peak(self) -> Callable[[], int]:
        torch.cuda.synchronize(self.name)
        torch.cuda.reset_peak_memory_stats(self.name)
        before = torch.cuda.memory_allocated(self.name)
        return lambda: int(torch.cuda.max_memory_allocated(self.name) - before)

    def mark(self) -> Done:
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(self.name))
        return lambda: event.synchronize()

    def tidy(self) -> None:
        torch.cuda.empty_cache()

    def entered(self) -> AbstractContextManager[object]:
        context: AbstractContextManager[object] = torch.cuda.device(self.name)
        return context


def open_device(name: str) -> Device:
    """Return the device of this name (`cuda`, `cuda:1`, `cpu`). Raises `EngineUnusable`.

    Must be called in the process that paints: a CUDA context does not survive a fork.
    """
    if name == "cpu":
        return Cpu()
    if not torch.cuda.is_available():
        raise EngineUnusable(NO_GPU)
    return Cuda(name)
