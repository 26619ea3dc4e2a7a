"""Short fights: everything is killed, or restarted in turn, while people wait for their paintings."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def closing_line(*wish: str) -> str:
    """Let the harness run to its end, and well; return what it says last."""
    fight = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--patience", "120", *wish],
        capture_output=True,
        text=True,
        check=False,
    )
    assert fight.returncode == 0, fight.stdout + fight.stderr
    return fight.stdout.splitlines()[-1]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("platform", "jobs"), [("fake", 30), ("telegram", 12), ("x", 12)])
def test_everybody_is_answered_once_though_everything_is_killed(platform: str, jobs: int) -> None:
    last = closing_line("--platform", platform, "--jobs", str(jobs))
    assert re.fullmatch(
        rf"asked={jobs} answered=\d+ apologised=\d+ lost=0 doubled=0 seconds=\d+", last
    )


@pytest.mark.timeout(180)
@pytest.mark.parametrize("platform", ["fake", "telegram", "x"])
def test_a_restart_of_every_process_under_load_costs_nobody_anything(platform: str) -> None:
    last = closing_line("--platform", platform, "--jobs", "24", "--rolling")
    assert last.startswith("asked=24 answered=24 apologised=0 lost=0 doubled=0")


def test_what_cannot_be_switched_off_is_refused_in_a_sentence() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--platform", "telegram", "--no-reconcile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "there is no asking" in refused.stderr
