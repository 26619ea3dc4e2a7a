"""The demo: one command, one painting, and nothing left behind however it ends."""

from __future__ import annotations

import os
import pty
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from bots.commands.demo import free_port
from tests.photos import PHOTOS
from tests.stack import eventually

pytestmark = pytest.mark.process


@pytest.fixture
def mark() -> str:
    """A marker in the environment of all processes that a test's demo starts."""
    return secrets.token_hex(8)


def environment(mark: str, tmp_path: Path) -> dict[str, str]:
    # A port of its own: another demo on this machine would start on the same one.
    port = str(free_port(0))
    return {
        **os.environ,
        "SUISAI_TEST_MARK": mark,
        "SUISAI_WEB_PORT": port,
        "TMPDIR": str(tmp_path),
    }


def processes(mark: str) -> list[str]:
    """Return the command lines of the processes that carry the mark and are no zombies."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and mark.encode() in (folder / "environ").read_bytes():
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return [line for line in found if line]


def test_once_gives_a_painting_and_ends(mark: str, tmp_path: Path) -> None:
    out = tmp_path / "painting.jpg"

    done = subprocess.run(
        [sys.executable, "-m", "bots", "demo", "--once", str(PHOTOS["cat"]), "--out", str(out)],
        env=environment(mark, tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=110,
    )

    assert done.returncode == 0, done.stderr
    with Image.open(out) as painting, Image.open(PHOTOS["cat"]) as photo:
        assert painting.size == photo.size
    for word in ("received", "admitted", "fetched", "painted", "answered"):
        assert word in done.stdout
    assert processes(mark) == []


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """A terminal of one's own: the end that a person sees, and the end that programs see."""
    person, program = pty.openpty()
    yield person, program
    for end in (person, program):
        try:
            os.close(end)
        except OSError:
            continue


@pytest.mark.parametrize("ending", ["ctrl-c", "terminated", "terminal closed"])
def test_with_a_terminal_the_page_stays_open_until_the_end_and_nothing_is_left(
    mark: str, tmp_path: Path, terminal: tuple[int, int], ending: str
) -> None:
    person, program = terminal
    demo = subprocess.Popen(
        [sys.executable, "-m", "bots", "demo", "--out", str(tmp_path / "pair.jpg")],
        env=environment(mark, tmp_path),
        stdin=program,
        stdout=program,
        stderr=program,
        start_new_session=True,
        preexec_fn=_take_terminal,
    )
    os.close(program)
    shown = b""
    while b"Ctrl-C" not in shown:
        shown += os.read(person, 4096)
    assert b"http://127.0.0.1:" in shown
    assert len(processes(mark)) >= 5

    match ending:
        case "ctrl-c":
            os.write(person, b"\x03")
        case "terminated":
            demo.terminate()
        case _:
            os.close(person)
    demo.wait(timeout=60)

    eventually(lambda: processes(mark) == [], what="nothing is left behind")
    assert (tmp_path / "pair.jpg").stat().st_size > 10_000
    assert not list(tmp_path.glob("suisai-demo-*"))


def _take_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_killing_the_demo_ends_its_programs(mark: str, tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "bots", "demo", "--out", str(tmp_path / "pair.jpg")],
        env=environment(mark, tmp_path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: len(processes(mark)) >= 5)

    demo.send_signal(signal.SIGKILL)
    demo.wait()

    # Valkey outlives even that, so that nothing accepted is lost; the next start would adopt it.
    eventually(lambda: all("valkey" in line for line in processes(mark)))
    for line in processes(mark):
        assert "valkey-server" in line
    subprocess.run(["pkill", "-f", f"{tmp_path}.*valkey.sock"], check=False)
