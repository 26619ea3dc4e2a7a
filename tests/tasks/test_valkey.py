"""There is one server per data folder, even if several processes start it or its starter dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from redis import Redis

from tasks.valkey import EmbeddedValkey, ValkeyUnusable
from tests.stack import eventually

pytestmark = pytest.mark.process

START_AND_BE_KILLED = """
import os, signal, sys
from pathlib import Path
from tasks.valkey import EmbeddedValkey
print(EmbeddedValkey(Path(sys.argv[1])).ensure(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def client(server: EmbeddedValkey) -> Redis:
    return Redis(unix_socket_path=str(server.socket))


def test_a_second_start_reuses_the_running_server(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    pid = server.ensure()
    assert EmbeddedValkey(tmp_path).ensure() == pid
    server.stop()
    assert not server.is_alive()


def test_a_server_whose_starter_was_killed_is_reused(tmp_path: Path) -> None:
    starter = subprocess.run(
        [sys.executable, "-c", START_AND_BE_KILLED, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert starter.returncode == -signal.SIGKILL
    orphan = int(starter.stdout)

    server = EmbeddedValkey(tmp_path)

    assert server.ensure() == orphan
    server.stop()


def test_concurrent_starts_give_one_server(tmp_path: Path) -> None:
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", START_AND_BE_KILLED, str(tmp_path)], stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    pids = {starter.communicate()[0] for starter in starters}
    assert len(pids) == 1
    EmbeddedValkey(tmp_path).stop()


def test_written_values_survive_a_kill_of_the_server(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path)
    pid = server.ensure()
    with client(server) as redis:
        redis.set("asked", "a painting")
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not server.is_alive())

    assert server.ensure() != pid

    with client(server) as redis:
        assert redis.get("asked") == b"a painting"
    server.stop()


def test_a_folder_with_a_very_long_name_works(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / ("deep" * 30))
    server.ensure()
    assert server.is_alive()
    server.stop()


def test_a_server_that_cannot_start_gives_the_reason(tmp_path: Path) -> None:
    (tmp_path / "appendonlydir").write_text("in the way of the append-only folder")
    with pytest.raises(ValkeyUnusable, match="ended at once"):
        EmbeddedValkey(tmp_path).ensure()
