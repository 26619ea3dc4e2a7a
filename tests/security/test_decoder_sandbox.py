"""Code that has taken over a decoder has no access to anything: tested from inside the sandbox."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.decode import PhotoLimits
from pipeline.errors import PhotoRefused
from pipeline.photo import REASONS, REFUSALS, open_photo, unpack_result
from pipeline.sandbox import InvalidAnswer, JobDied, ResourceLimits, Sandbox
from pipeline.seccomp import ALLOWED, machine_with_filter, program
from tests.security import exploits
from tests.stack import eventually

LIMITS = ResourceLimits(memory_bytes=300_000_000, cpu_s=2.0, wall_s=20.0, answer_bytes=10_000)
BRIEF = ResourceLimits(memory_bytes=300_000_000, cpu_s=2.0, wall_s=0.3, answer_bytes=10_000)

pytestmark = pytest.mark.skipif(
    machine_with_filter() is None, reason="system calls are filtered on Linux x86-64 and arm64"
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = Sandbox("tests.security.exploits:work")
    yield sandbox
    sandbox.close()


@pytest.fixture
def worker() -> Iterator[tuple[int, str]]:
    """A process with a secret in its memory, in place of a worker: its id and the secret's address."""
    process = subprocess.Popen(
        [sys.executable, "-c", _WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin
    assert process.stdout
    yield process.pid, process.stdout.readline().strip()
    assert process.poll() is None, "the worker lives"
    process.stdin.close()
    assert process.stdout.read() == "SECRET\n"
    assert process.wait() == 0
    process.stdout.close()


_WORKER = """
import ctypes, sys
secret = ctypes.create_string_buffer(b"SECRET")
print(ctypes.addressof(secret), len(secret), flush=True)
sys.stdin.read()
print(secret.value.decode())
"""


@pytest.mark.parametrize("exploit", exploits.ON_THE_WORKER, ids=lambda each: each.__name__)
def test_the_worker_process_is_not_accessible(
    sandbox: Sandbox, worker: tuple[int, str], exploit: exploits.Exploit
) -> None:
    pid, secret_at = worker
    assert sandbox.run(f"{exploit.__name__} {pid} {secret_at}".encode(), LIMITS) == b"EPERM"


@pytest.mark.parametrize("exploit", exploits.ON_FILES, ids=lambda each: each.__name__)
def test_files_are_not_accessible(
    sandbox: Sandbox, tmp_path: Path, exploit: exploits.Exploit
) -> None:
    file = tmp_path / "somebody's"
    file.write_bytes(b"content")
    file.chmod(0o640)
    before = file.stat()
    assert sandbox.run(f"{exploit.__name__} {file}".encode(), LIMITS) == b"EPERM"
    assert [each.name for each in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == b"content"
    after = file.stat()
    assert stat.S_IMODE(after.st_mode) == 0o640
    assert (after.st_uid, after.st_mtime_ns, after.st_nlink) == (
        before.st_uid, before.st_mtime_ns, before.st_nlink,
    )  # fmt: skip


@pytest.mark.parametrize("exploit", exploits.ON_ITSELF, ids=lambda each: each.__name__)
def test_code_in_the_sandbox_cannot_escape(sandbox: Sandbox, exploit: exploits.Exploit) -> None:
    assert sandbox.run(exploit.__name__.encode(), LIMITS) == b"EPERM"


def test_every_other_system_call_is_refused(sandbox: Sandbox) -> None:
    assert sandbox.run(b"all_other_calls", LIMITS) == b"[]"


def test_a_thread_can_be_started(sandbox: Sandbox) -> None:
    assert sandbox.run(b"start_a_thread", LIMITS) == b"done"


@pytest.mark.parametrize("exploit", exploits.ENDLESS)
def test_every_job_ends_at_its_wall_time(sandbox: Sandbox, exploit: str) -> None:
    with pytest.raises(JobDied) as died:
        sandbox.run(exploit.encode(), BRIEF)
    assert died.value.wall_clock_exceeded
    eventually(lambda: not _children(_fork_server_of(sandbox)), 20, "the child has ended")


def test_jobs_end_with_the_fork_server() -> None:
    sandbox = Sandbox("tests.security.exploits:work")
    server = _fork_server_of(sandbox)
    caller = threading.Thread(target=_run_to_the_end, args=(sandbox, b"sleep_undisturbed"))
    caller.start()
    eventually(lambda: _children(server), 20, "the job runs")
    (child,) = _children(server)
    os.kill(server, signal.SIGKILL)
    eventually(lambda: not _runs(child), 20, "the child has ended")
    eventually(lambda: _children(_fork_server_of(sandbox)), 20, "a new one got the job")
    os.kill(_fork_server_of(sandbox), signal.SIGKILL)
    caller.join()
    sandbox.close()


def test_an_answer_over_the_maximum_length_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(InvalidAnswer):
        sandbox.run(b"claim_a_long_answer", BRIEF)
    eventually(lambda: not _children(_fork_server_of(sandbox)), 40, "the child has ended")


@pytest.mark.parametrize("exploit", ["end_within_the_answer", "end_without_an_answer"])
def test_a_job_that_ends_without_an_answer_affects_no_other(sandbox: Sandbox, exploit: str) -> None:
    server = _fork_server_of(sandbox)
    with pytest.raises(JobDied) as died:
        sandbox.run(exploit.encode(), LIMITS)
    assert died.value.signal_number == 0
    assert _fork_server_of(sandbox) == server, "it is still the same fork server"


def test_a_photo_whose_decoder_gives_an_invalid_answer_is_refused(sandbox: Sandbox) -> None:
    jpeg = b"\xff\xd8\xff\xe0" + bytes(1000)
    for name in (
        "no_answer",
        "many_pixels",
        "few_pixels",
        "unknown_refusal",
        "impossible_original",
    ):
        invalid = Sandbox(f"tests.security.invalid_answers:{name}")
        with pytest.raises(PhotoRefused) as refused:
            open_photo(jpeg, sandbox=invalid)
        assert refused.value.reason == "broken"
        invalid.close()


@given(st.binary(max_size=200))
@example(b"\0\0" + (1).to_bytes(4) * 4 + b"rgb")
@example(b"\0\0" + (1).to_bytes(4) * 3 + b"\xff" * 4 + b"rgb")
def test_an_answer_contains_only_pixels_or_a_reason(answer: bytes) -> None:
    limits = PhotoLimits(long_side_px=4)
    with suppress(InvalidAnswer):
        try:
            pixels, notes, original_px = unpack_result(bytearray(answer), limits)
        except PhotoRefused as refused:
            reason, facts = refused.reason, dict(refused.facts)
        else:
            assert max(pixels.shape[:2]) <= 4
            assert max(original_px) <= limits.side_max_px
            assert notes in ((), ("first-frame",))
            return
        assert reason in REFUSALS
        assert facts == limits.facts_of(reason)


def test_refusals_of_decoding_have_names() -> None:
    assert set(REFUSALS) < set(REASONS)


HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.mark.parametrize("machine", ALLOWED)
def test_system_call_numbers_equal_the_kernels(machine: str) -> None:
    header = HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not here (Debian: linux-libc-dev)")
    lines = re.findall(r"^#define __NR(?:3264)?_(\w+) (\d+)$", header.read_text(), re.MULTILINE)
    numbers = {name: int(number) for name, number in lines}
    assert {name: numbers[name] for name in ALLOWED[machine]} == ALLOWED[machine]


@pytest.mark.parametrize("machine", ALLOWED)
def test_a_filter_decides_every_call(machine: str) -> None:
    """Interpret the filter's instructions, because the other machine's kernel is not available."""
    code = program(machine)
    arch = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
    numbers = ALLOWED[machine]
    assert _decision(code, arch[machine], numbers["write"]) == "allow"
    assert _decision(code, arch[machine], numbers["mmap"], 0, 0, 3) == "allow"
    assert _decision(code, arch[machine], numbers["mmap"], 0, 0, 7) == "EPERM"
    assert _decision(code, arch[machine], numbers["mprotect"], 0, 0, 5) == "EPERM"
    assert _decision(code, arch[machine], numbers["madvise"], 0, 0, 4) == "allow"
    assert _decision(code, arch[machine], numbers["madvise"], 0, 0, 100) == "EPERM"
    assert _decision(code, arch[machine], numbers["write"] | 0x40000000) == "EPERM"
    thread, process, namespace = 0x3D0F00, 0x11, 0x3D0F00 | 0x10000000
    assert _decision(code, arch[machine], numbers["clone"], thread) == "allow"
    assert _decision(code, arch[machine], numbers["clone"], process) == "EPERM"
    assert _decision(code, arch[machine], numbers["clone"], namespace) == "EPERM"
    assert _decision(code, arch[machine], numbers["rt_sigaction"], 33) == "allow"
    assert _decision(code, arch[machine], numbers["rt_sigaction"], signal.SIGPROF) == "EPERM"
    assert _decision(code, arch[machine], 435) == "ENOSYS"
    assert _decision(code, 0x40000003, numbers["write"]) == "kill"
    for number in set(range(600)) - set(numbers.values()) - {435}:
        assert _decision(code, arch[machine], number) == "EPERM"


def _decision(code: list[tuple[int, int, int, int]], arch: int, number: int, *given: int) -> str:
    words = {0: number, 4: arch} | {16 + 8 * n: value for n, value in enumerate(given)}
    at = loaded = 0
    while True:
        operation, where_true, where_false, operand = code[at]
        at += 1
        if operation == 0x20:
            loaded = words[operand]
        elif operation == 0x06:
            decisions = {0x7FFF0000: "allow", 0x80000000: "kill", 0x50001: "EPERM"}
            return decisions.get(operand, "ENOSYS" if operand == 0x50026 else hex(operand))
        else:
            holds = {
                0x15: loaded == operand, 0x35: loaded >= operand, 0x45: bool(loaded & operand),
            }[operation]  # fmt: skip
            at += where_true if holds else where_false


def _fork_server_of(sandbox: Sandbox) -> int:
    return int(sandbox.run(b"parent", LIMITS))


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def _run_to_the_end(sandbox: Sandbox, request: bytes) -> None:
    with pytest.raises(Exception, match="ends before it answers"):
        sandbox.run(request, LIMITS)
