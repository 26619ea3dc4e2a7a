"""Signals end a process at whatever step they arrive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process

SIGNAL_WHILE_THE_WAIT_HOLDS_ITS_LOCK = """
import os, signal
from bots.commands.common import stop_on_signals
stop = stop_on_signals()
with stop._cond:
    os.kill(os.getpid(), signal.{name})
    for step in range(1000):
        pass
print(stop.wait(10))
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_that_arrives_while_the_process_begins_to_wait_ends_the_wait(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_WHILE_THE_WAIT_HOLDS_ITS_LOCK.format(name=name)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.strip() == "True"
