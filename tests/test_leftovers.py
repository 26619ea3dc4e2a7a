"""A test run that is killed leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.stack import eventually

pytestmark = pytest.mark.process

RUN = """
import os, subprocess, sys
from tests.leftovers import end_with_this_process
end_with_this_process()
left = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(left.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="this system has no /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_a_killed_run_leaves_no_process(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=Path(__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as run:
        assert run.stdout is not None
        left = int(run.stdout.readline())
        os.kill(left, 0)
        run.send_signal(number)

    eventually(lambda: _has_ended(left), what="the process that the run had started ends")


def _has_ended(pid: int) -> bool:
    try:
        # A zombie has ended; who should collect it is dead.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True
