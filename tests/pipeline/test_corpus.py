"""Every file of the corpus is accepted, or refused with the expected reason."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from pipeline.errors import PhotoRefused
from pipeline.photo import REASONS, open_photo
from tests.pipeline.corpus import GROUPS, Case

Group = Callable[[], Iterator[Case]]


@cache
def files_of(group: Group) -> list[Case]:
    return list(group())


def end_of(case: Case) -> str | None:
    try:
        photo = open_photo(case.data)
    except PhotoRefused as refused:
        return refused.reason
    assert max(photo.pixels.shape) <= 1024
    return None


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_file_has_its_expected_result(group: Group) -> None:
    surprises = {
        case.name: f"{end}, not {case.reason}"
        for case in files_of(group)
        if (end := end_of(case)) != case.reason
    }
    assert surprises == {}


def test_the_corpus_is_large_and_covers_every_reason_of_opening() -> None:
    corpus = [case for group in GROUPS for case in files_of(group)]
    assert len({case.name for case in corpus}) == len(corpus) >= 60
    met = {case.reason for case in corpus if case.reason}
    assert met == set(REASONS) - {"unsafe-photo", "unsafe-picture"}


@pytest.mark.parametrize("arguments", [[], [""], ["/no/such/folder"], ["EMPTY"], [__file__]])
def test_a_missing_or_empty_folder_fails(arguments: list[str], tmp_path: Path) -> None:
    named = [str(tmp_path) if each == "EMPTY" else each for each in arguments]
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpus", *named], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
