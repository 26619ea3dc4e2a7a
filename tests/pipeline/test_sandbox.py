"""A failing sandbox job affects neither its caller nor other jobs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipeline.sandbox import JobDied, ResourceLimits, Sandbox, SandboxUnusable
from tests.stack import eventually

pytestmark = pytest.mark.process

ALLOWED = ResourceLimits(memory_bytes=300_000_000, cpu_s=0.5, wall_s=20.0, answer_bytes=30_000_000)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox("tests.pipeline.misbehaving_jobs:work")
    yield sandbox
    sandbox.close()


def test_each_job_has_a_process_of_its_own(sandbox: Sandbox) -> None:
    pids = {bytes(sandbox.run(b"pid", ALLOWED)) for _ in range(3)}
    assert len(pids) == 3
    assert str(os.getpid()).encode() not in pids


def test_large_requests_and_results_pass(sandbox: Sandbox) -> None:
    payload = os.urandom(20_000_000)
    assert sandbox.run(b"echo " + payload, ALLOWED) == payload


def test_many_threads_share_a_sandbox(sandbox: Sandbox) -> None:
    payloads = [str(n).encode() * 50_000 for n in range(40)]
    with ThreadPoolExecutor(8) as threads:
        echoed = threads.map(lambda payload: sandbox.run(b"echo " + payload, ALLOWED), payloads)
        assert list(echoed) == payloads


def test_an_endless_loop_is_ended_by_its_cpu_limit(sandbox: Sandbox) -> None:
    with pytest.raises(JobDied) as died:
        sandbox.run(b"spin", ALLOWED)
    assert died.value.signal_number == signal.SIGPROF
    assert died.value.cpu_exceeded
    assert not died.value.wall_clock_exceeded


def test_an_endless_wait_is_ended_by_its_wall_time(sandbox: Sandbox) -> None:
    with pytest.raises(JobDied) as died:
        sandbox.run(
            b"sleep", ResourceLimits(ALLOWED.memory_bytes, cpu_s=1.0, wall_s=0.2, answer_bytes=9)
        )
    assert died.value.wall_clock_exceeded
    assert not died.value.cpu_exceeded


def test_memory_is_limited(sandbox: Sandbox) -> None:
    assert sandbox.run(b"swell 100000000", ALLOWED) == b"100000000"
    assert sandbox.run(b"swell 500000000", ALLOWED) == b"no memory"


def test_a_crash_is_reported_and_affects_no_other_job(sandbox: Sandbox) -> None:
    with pytest.raises(JobDied) as died:
        sandbox.run(b"crash", ALLOWED)
    assert died.value.signal_number == signal.SIGSEGV
    assert not died.value.cpu_exceeded
    assert not died.value.wall_clock_exceeded
    assert sandbox.run(b"echo still here", ALLOWED) == b"still here"


def test_an_error_in_a_job_ends_it_without_an_answer(sandbox: Sandbox) -> None:
    with pytest.raises(JobDied) as died:
        sandbox.run(b"raise", ALLOWED)
    assert died.value.signal_number == 0


def test_a_job_reads_no_files_and_writes_none(sandbox: Sandbox, tmp_path: Path) -> None:
    assert sandbox.run(b"read /etc/hostname", ALLOWED) == b"PermissionError"
    target = tmp_path / "written"
    assert sandbox.run(b"write " + os.fsencode(target), ALLOWED) == b"PermissionError"
    assert not target.exists()


def test_a_job_sees_no_secrets(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", "123:SECRET")
    fresh = Sandbox("tests.pipeline.misbehaving_jobs:work")
    assert b"SECRET" not in fresh.run(b"environment", ALLOWED)
    fresh.close()


def test_a_job_has_no_connection_of_other_jobs(sandbox: Sandbox) -> None:
    alone = sandbox.run(b"descriptors", ALLOWED)
    with ThreadPoolExecutor(4) as threads:
        sleepers = [threads.submit(_sleep, sandbox) for _ in range(3)]
        assert sandbox.run(b"descriptors", ALLOWED) == alone
        for sleeper in sleepers:
            sleeper.result()


def _sleep(sandbox: Sandbox) -> None:
    with pytest.raises(JobDied):
        sandbox.run(
            b"sleep", ResourceLimits(ALLOWED.memory_bytes, cpu_s=1.0, wall_s=0.5, answer_bytes=9)
        )


def test_a_killed_fork_server_is_replaced(sandbox: Sandbox) -> None:
    fork_server = int(sandbox.run(b"parent", ALLOWED))
    os.kill(fork_server, signal.SIGKILL)
    assert sandbox.run(b"echo again", ALLOWED) == b"again"
    assert int(sandbox.run(b"parent", ALLOWED)) != fork_server


def test_a_fork_server_ends_with_the_process_that_started_it_even_a_killed_one() -> None:
    starts = subprocess.Popen(
        [sys.executable, "-c", _START], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert starts.stdout
    assert starts.stdin
    fork_server = Path("/proc") / starts.stdout.readline().strip()
    assert fork_server.exists()
    starts.kill()
    starts.wait()
    starts.stdout.close()
    starts.stdin.close()
    eventually(lambda: not fork_server.exists(), 20, "the fork server has ended")


_START = """
from pipeline.sandbox import ResourceLimits, Sandbox
sandbox = Sandbox("tests.pipeline.misbehaving_jobs:work")
print(sandbox.run(b"parent", ResourceLimits(300_000_000, 1.0, 20.0, 100)).decode(), flush=True)
input()
"""


def test_a_fork_server_that_cannot_start_raises_sandbox_unusable() -> None:
    broken = Sandbox("tests.pipeline.misbehaving_jobs:no_such_job")
    with pytest.raises(SandboxUnusable):
        broken.run(b"echo", ALLOWED)
    broken.close()


_FORK = """
import os, threading
from pipeline.sandbox import ResourceLimits, Sandbox
allowed = ResourceLimits(300_000_000, 1.0, 20.0, 100)
sandbox = Sandbox("tests.pipeline.misbehaving_jobs:work")
ours = sandbox.run(b"parent", allowed)
assert threading.active_count() == 1
read_end, write_end = os.pipe()
pid = os.fork()
if pid == 0:
    os.write(write_end, sandbox.run(b"parent", allowed))
    sandbox.close()
    os._exit(0)
theirs = os.read(read_end, 100)
os.waitpid(pid, 0)
assert theirs.isdigit() and theirs != ours, (theirs, ours)
assert sandbox.run(b"parent", allowed) == ours
sandbox.close()
"""


def test_a_forked_process_starts_its_own_fork_server() -> None:
    # In a separate process, because threads of other tests must not be forked.
    done = subprocess.run(
        [sys.executable, "-c", _FORK], capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
