"""What is downloaded is named by its content, not by a name that somebody can point elsewhere."""

from __future__ import annotations

import re

import pytest

from pipeline.models import load_model, model_names


@pytest.mark.parametrize("name", model_names())
def test_every_source_of_a_model_is_pinned_to_a_commit(name: str) -> None:
    for source in load_model(name).sources:
        assert re.fullmatch(r"[0-9a-f]{40}", source.revision), source.repository
