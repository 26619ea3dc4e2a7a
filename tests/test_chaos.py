"""Short chaos tests: every process is killed, or restarted in turn, while people wait for paintings."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def closing_line(*arguments: str) -> str:
    """Run a chaos test that must succeed; return its last line."""
    done = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--patience", "120", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()[-1]


@pytest.mark.timeout(180)
@pytest.mark.parametrize(("platform", "jobs"), [("fake", 30), ("telegram", 12), ("x", 12)])
def test_every_request_is_answered_once_while_processes_are_killed(
    platform: str, jobs: int
) -> None:
    last = closing_line("--platform", platform, "--jobs", str(jobs))
    assert re.fullmatch(
        rf"asked={jobs} answered=\d+ apologised=\d+ lost=0 doubled=0 seconds=\d+", last
    )


@pytest.mark.timeout(180)
@pytest.mark.parametrize("platform", ["fake", "telegram", "x"])
def test_restarting_every_process_under_load_costs_no_answer(platform: str) -> None:
    last = closing_line("--platform", platform, "--jobs", "24", "--rolling")
    assert last.startswith("asked=24 answered=24 apologised=0 lost=0 doubled=0")


def test_an_option_that_a_platform_does_not_have_is_refused() -> None:
    refused = subprocess.run(
        [sys.executable, "-m", "tools.chaos", "--platform", "telegram", "--no-reconcile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 2
    assert "asks nothing there" in refused.stderr
