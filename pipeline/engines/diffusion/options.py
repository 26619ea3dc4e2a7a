"""The folders and the performance options of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NO_GPU = (
    "There is no GPU that torch can use: install its driver and a CUDA build of torch,"
    " or set SUISAI_ENGINE=painter."
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one engine on one device."""

    models: Path
    """Folder of all models' files."""
    cache: Path
    """Folder for data that can be computed again: encoded prompts, compiled kernels."""
    device: str = "cuda"
    """`cuda`, `cuda:1`, ... or `cpu`."""
    attention: str = "fastest"
    """`fastest` measures what this machine has; or the name of one of diffusers' backends."""
    compiled: bool = True
    own_words: bool = False
    """Keep the text encoder open for prompts that are not cached."""
    any_shape: bool = True
    """One compiled kernel for all sizes; otherwise one per size, compiled at first use."""
