"""Downloads are pinned to commits, not to names that can be moved to other content."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.models import load_model, model_names


@pytest.mark.parametrize("name", model_names())
def test_every_source_of_a_model_is_pinned_to_a_commit(name: str) -> None:
    for source in load_model(name).sources:
        assert re.fullmatch(r"[0-9a-f]{40}", source.revision), source.repository


def test_every_action_of_the_checks_is_pinned_to_a_commit() -> None:
    workflows = list((Path(__file__).parents[2] / ".github" / "workflows").glob("*.y*ml"))
    used = [use for file in workflows for use in re.findall(r"uses:\s*(\S+)", file.read_text())]
    assert used
    assert [use for use in used if not re.search(r"@[0-9a-f]{40}$", use)] == []
