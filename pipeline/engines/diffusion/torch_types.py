"""Type aliases for objects of torch and diffusers that are too dynamic to be typed."""

from __future__ import annotations

from typing import Any, TypeAlias

import diffusers
import torch
import transformers

Tensor: TypeAlias = torch.Tensor

Pipe: TypeAlias = Any
"""A diffusers pipeline."""

Net: TypeAlias = Any
"""A network of layers, the part that runs at every step."""

Scheduler: TypeAlias = Any
"""A diffusers scheduler, which computes the noise levels of the steps."""

Config: TypeAlias = Any
"""The configuration of a pipeline component, read from its files."""


def silence_logging() -> None:
    """Let the libraries log errors only, and no progress bars."""
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()
