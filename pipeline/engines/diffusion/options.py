"""Where the engine finds things and what it does to be quick."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

NO_GPU = (
    "There is no GPU that torch can use: install its driver and a CUDA build of torch,"
    " or set SUISAI_ENGINE=painter."
)


@dataclass(frozen=True, slots=True)
class Options:
    """Of one engine on one device."""

    models: Path
    """Folder of all models' files."""
    cache: Path
    """Folder for what can be computed again: read words, compiled kernels."""
    device: str = "cuda"
    """`cuda`, `cuda:1`, ... or `cpu`."""
    attention: str = "fastest"
    """`fastest` measures what this machine has; or the name of one of diffusers' backends."""
    compiled: bool = True
    own_words: bool = False
    """Keep the text encoder ready for prompts that nobody has read before."""
    any_shape: bool = True
    """One compiled kernel for all sizes; otherwise one per size, compiled when it is first met."""
