"""The engines that paint. Each is imported only when it is asked for: one of them needs a GPU."""

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
    """What the diffusion engine must be told: the painter needs nothing of it."""

    model: str
    """A model's name, or `auto` for the best that fits the GPU."""
    styles: Iterable[Style]
    """Those that it may be asked for."""
    models: Path
    """Folder of the models' files."""
    cache: Path
    """Folder for what can be computed again."""
    device: str
    """As torch calls it: `cuda`, `cuda:1`."""
    tell: Callable[[str], None]
    """Hears which model was picked, and why."""
    own_words: bool = False
    """Jobs may carry a person's own words: keep the model's text encoder ready."""


def load_engine(name: str, gallery: EngineOptions | None = None) -> Engine:
    """Bring up an engine by name, not warmed up yet. Raises `EngineUnusable`, also for an unknown one."""
    if name == "painter":
        from pipeline.engines.painter import Painter

        return Painter()
    if name == "diffusion" and gallery is not None:
        from pipeline.engines.diffusion import Options, start_engine

        options = Options(
            gallery.models, gallery.cache, gallery.device, own_words=gallery.own_words
        )
        return start_engine(gallery.model, gallery.styles, options, gallery.tell)
    raise EngineUnusable(f"There is no engine `{name}`; there are: {', '.join(ENGINES)}.")
