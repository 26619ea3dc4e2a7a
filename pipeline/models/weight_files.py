"""Where a model's files lie, and which are missing."""

from __future__ import annotations

from pathlib import Path

from pipeline.models import Model

UNFINISHED = ".unfinished"
"""A file of this name stands in a repository's folder while it is being downloaded."""


def missing_parts(model: Model, models: Path) -> list[str]:
    """Return the parts of a model that are not in the folder of all models, empty when it is whole."""
    return [
        f"{source.repository}/{part}"
        for source in model.sources
        for part in source.parts
        if (models / source.folder / UNFINISHED).exists()
        or not (models / source.folder / part).exists()
    ]
