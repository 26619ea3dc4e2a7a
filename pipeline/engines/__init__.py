"""Loads an engine by name. Engines are imported on demand, because diffusion needs torch and a GPU."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.engine import Engine
from pipeline.errors import EngineUnusable
from pipeline.styles import Style

ENGINES = ("painter", "diffusion")


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Options of the diffusion engine; the painter has none."""

    model: str
    """A model's name, or `auto` for the best that fits the GPU."""
    styles: Iterable[Style]
    """The styles whose prompts are encoded in advance."""
    models: Path
    """Folder of the models' files."""
    cache: Path
    """Folder for data that can be recomputed."""
    device: str
    """Device name in torch's notation: `cuda`, `cuda:1`."""
    on_model_chosen: Callable[[str], None]
    """Called with the chosen model and the reason, as one sentence."""
    own_words: bool = False
    """Jobs may carry a person's own words: keep the model's text encoder ready."""


def load_engine(name: str, options: EngineOptions | None = None) -> Engine:
    """Create an engine by name, not warmed up yet. Raises `EngineUnusable`, also for an unknown name."""
    if name == "painter":
        from pipeline.engines.painter import Painter

        return Painter()
    if name == "diffusion" and options is not None:
        from pipeline.engines.diffusion import Options, start_engine

        loading = Options(
            options.models, options.cache, options.device, own_words=options.own_words
        )
        return start_engine(options.model, options.styles, loading, options.on_model_chosen)
    raise EngineUnusable(f"There is no engine `{name}`; there are: {', '.join(ENGINES)}.")
