"""A short fight: everything is killed while thirty people wait for their paintings."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.timeout(180)
def test_everybody_is_answered_once_though_everything_is_killed() -> None:
    fight = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--jobs", "30", "--patience", "120"],
        capture_output=True,
        text=True,
        check=False,
    )
    last = fight.stdout.splitlines()[-1]
    assert re.fullmatch(
        r"asked=30 answered=\d+ apologised=\d+ lost=0 doubled=0 seconds=\d+", last
    ), fight.stdout + fight.stderr
    assert fight.returncode == 0
