"""The supervisor restarts programs, and ends them when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from bots.supervisor import Program, Supervisor, lock_data_dir, valkey_for_command
from tasks.services import connect, embedded_valkey
from tasks.settings import Settings
from tests.stack import environment_of, eventually

pytestmark = pytest.mark.process

SUPERVISE_A_SWEEP = """
import os, sys, time
from pathlib import Path
from bots.supervisor import Program, Supervisor, lock_data_dir, valkey_for_command
from tasks.services import connect, embedded_valkey
s = Supervisor([Program("sweep", ("sweep",))], None, dict(os.environ), Path(sys.argv[1]))
s.start()
while s.pid("sweep") is None: time.sleep(0.01)
print(s.pid("sweep"), flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **environment_of(settings)}


def test_a_program_that_dies_is_started_again(environment: dict[str, str], tmp_path: Path) -> None:
    supervisor = Supervisor([Program("sweep", ("sweep",))], None, environment, tmp_path)
    supervisor.start()
    first = eventually(lambda: supervisor.pid("sweep"))

    os.kill(first, signal.SIGKILL)

    second = eventually(lambda: (pid := supervisor.pid("sweep")) != first and pid)
    supervisor.stop()
    assert not is_running(second)


def test_programs_end_when_their_supervisor_is_killed(
    environment: dict[str, str], tmp_path: Path
) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE_A_SWEEP, str(tmp_path)],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())

    parent.kill()
    parent.communicate()

    eventually(lambda: not is_running(child), what="the sweep ended with its supervisor")


def test_a_command_keeps_what_it_stored_where_nothing_runs(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", redis_url=None)

    with valkey_for_command(settings) as started:
        assert started
        with connect(settings) as redis:
            redis.set("tokens", "kept")

    assert not embedded_valkey(settings).is_alive()
    with valkey_for_command(settings), connect(settings) as redis:
        assert redis.get("tokens") == "kept"


def test_a_command_leaves_the_server_to_a_bot_that_started_meanwhile(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", redis_url=None)
    server = embedded_valkey(settings)

    with ExitStack() as bot:
        with valkey_for_command(settings):
            bot.enter_context(lock_data_dir(settings.data_dir))
        assert server.is_alive()
        with valkey_for_command(settings) as started:
            assert not started
        assert server.is_alive()
    server.stop()


def test_a_command_leaves_the_server_to_another_command(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", redis_url=None)
    server = embedded_valkey(settings)

    with ExitStack() as other:
        with valkey_for_command(settings):
            other.enter_context(valkey_for_command(settings))
        assert server.is_alive()
    server.stop()
