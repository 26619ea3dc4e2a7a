"""Kills the processes that a test run leaves behind, also if the run itself is killed.

Every process that a run starts inherits an environment variable with the run's id. A watchdog in a separate
session waits for the end of the run, which closes its input, and then kills every process with this
variable. Linux only, because it reads /proc.
"""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

VARIABLE = "TEST_RUN_ID"


def end_with_this_process() -> None:
    """Name this run in the environment, and start its watchdog."""
    run = secrets.token_hex(16)
    watchdog = subprocess.Popen(
        [sys.executable, "-S", str(Path(__file__).resolve()), run],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env={},
    )
    # No call to wait(): the watchdog ends shortly after this process.
    watchdog.returncode = 0
    assert watchdog.stdin is not None
    os.environ[VARIABLE] = run
    # The descriptor stays open until this process ends, however it ends.
    os.dup(watchdog.stdin.fileno())
    watchdog.stdin.close()


def kill_all(run: str) -> None:
    """Kill every process of a run but this one."""
    wanted = f"{VARIABLE}={run}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        # A process may end meanwhile, or belong to another user.
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)


if __name__ == "__main__":
    sys.stdin.buffer.read()
    kill_all(sys.argv[1])
