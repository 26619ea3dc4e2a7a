"""Names for what torch and diffusers hand out: too dynamic to be typed, but not all the same thing."""

from __future__ import annotations

from typing import Any, TypeAlias

import diffusers
import torch
import transformers

Tensor: TypeAlias = torch.Tensor

Pipe: TypeAlias = Any
"""One of diffusers' pipelines; its parts do the work."""

Net: TypeAlias = Any
"""A network of layers, the part that runs at every step."""

Scheduler: TypeAlias = Any
"""What turns a number of steps into noise levels."""

Config: TypeAlias = Any
"""A part's own settings, read from its files."""


def silence_logging() -> None:
    """Let the libraries report errors only: a worker's log is no place for their progress bars."""
    for logging in (diffusers.utils.logging, transformers.utils.logging):
        logging.disable_progress_bar()
        logging.set_verbosity_error()
