"""Which model fits a GPU, and whether its files are complete."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipeline.errors import UserFacingError
from pipeline.models import GIB, Model, load_model, load_models

AUTO = "auto"


class NothingFits(UserFacingError):
    """No model that `auto` may choose fits this memory; the message says what to do."""


def fits(model: Model, free_bytes: int) -> bool:
    """Return whether a GPU with this much free memory can run the model."""
    return free_bytes >= model.memory_gib * GIB


def choose_model(
    name: str, free_bytes: int, models: Sequence[Model] | None = None
) -> tuple[Model, str]:
    """Return the model to run on a GPU with this much free memory, and the reason as one sentence.

    `auto` chooses the model with the largest memory need among those that fit and have `auto` set. A
    named model is used even if it does not seem to fit, because the needs are estimates. Raises
    `NothingFits` and `ModelUnknown`.
    """
    if name != AUTO:
        return _named(name, free_bytes, models)
    candidates = [model for model in models or load_models() if model.auto]
    able = [model for model in candidates if fits(model, free_bytes)]
    if not able:
        least = min(candidates, key=lambda model: model.memory_gib)
        raise NothingFits(
            f"The smallest model, {least.name}, needs {least.memory_gib:g} GiB of free GPU memory and"
            f" {_gib(free_bytes)} are free: free some, or set SUISAI_ENGINE=painter."
        )
    best = max(able, key=lambda model: model.memory_gib)
    return best, f"{_gib(free_bytes)} of GPU memory are free and {_need(best)}"


def _named(name: str, free_bytes: int, models: Sequence[Model] | None) -> tuple[Model, str]:
    found = [model for model in models or () if model.name == name]
    model = found[0] if found else load_model(name)
    doubt = "" if fits(model, free_bytes) else f", but only {_gib(free_bytes)} are free"
    return model, f"it was named; {_need(model)}{doubt}"


def _need(model: Model) -> str:
    return f"{model.name} needs {model.memory_gib:g} GiB"


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"


UNFINISHED = ".unfinished"
"""Name of the marker file in a repository's folder while it is being downloaded."""


def missing_parts(model: Model, models: Path) -> list[str]:
    """Return the parts of a model that are missing in the folder `models`; empty if it is complete."""
    return [
        f"{source.repository}/{part}"
        for source in model.sources
        for part in source.parts
        if (models / source.folder / UNFINISHED).exists()
        or not (models / source.folder / part).exists()
    ]
