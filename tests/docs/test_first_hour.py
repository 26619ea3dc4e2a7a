"""The README and docs/deploy.md in their order, on a machine where nothing runs and no network is there."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from bots.commands.demo import free_port
from bots.web.client import WebClient
from tests.photos import PHOTOS
from tests.stack import eventually

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(300)]

TOKEN = "123456789:AAF-35_letters_and_digits_and_more"
NO_NETWORK = "http://127.0.0.1:1"


class Machine:
    """A home folder, and what its user types there."""

    def __init__(self, home: Path) -> None:
        self.folder = home / "suisai"
        self.folder.mkdir(parents=True)
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("SUISAI_", "XDG_"))}
        self.environment = {
            **kept,
            "HOME": str(home),
            "COLUMNS": "80",
            "SUISAI_WEB_PORT": str(free_port(0)),
            "SUISAI_TELEGRAM_API_URL": NO_NETWORK,
            "SUISAI_LONG_SIDE_PX": "96",
        }
        self.log = home / "up.log"
        self.up: subprocess.Popen[str] | None = None

    def suisai(self, *words: str, typed: str = "", code: int = 0) -> str:
        """Type a command, look at its exit code, return all that it says."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "bots", *words],
            cwd=self.folder, env=self.environment, input=typed,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=90,
        )  # fmt: skip
        assert done.returncode == code, done.stdout
        assert "Traceback" not in done.stdout
        return done.stdout

    def start(self) -> None:
        with self.log.open("w") as log:
            self.up = subprocess.Popen(
                [sys.executable, "-P", "-m", "bots", "up"],
                cwd=self.folder, env=self.environment, stdout=log, stderr=log, text=True,
            )  # fmt: skip
        ready = re.compile(r"(?s)page ready.*gpu@\S+ ready|gpu@\S+ ready.*page ready")
        eventually(lambda: ready.search(self.log.read_text()), 150, "page and painter are ready")

    def stop(self) -> None:
        if self.up is not None:
            self.up.send_signal(signal.SIGTERM)
            assert self.up.wait(60) == 0
            self.up = None

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.environment['SUISAI_WEB_PORT']}"


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[list[Machine]]:
    """Two machines: the first hour happens on one, and the bot moves to the other."""
    both = [Machine(tmp_path / "old"), Machine(tmp_path / "new")]
    yield both
    for each in both:
        each.stop()


def test_the_first_hour_of_an_operator(machines: list[Machine], tmp_path: Path) -> None:
    old, new = machines

    said = old.suisai("setup", "telegram", typed=f"{TOKEN}\n")
    assert "Not checked" in said
    assert "Written to .env" in said
    assert (old.folder / ".env").stat().st_mode & 0o077 == 0

    said = old.suisai("doctor", code=1)  # the network is away, and nothing else
    assert "1 error," in said
    assert "cannot be" in said
    assert "the bot does not run" in said.replace("\n", " ") or "suisai up" in said
    assert "Suisai does not run" in old.suisai("status", code=1)

    old.suisai("stylize", str(PHOTOS["cat"]), "-o", "painting.png", "--size", "96")
    with Image.open(old.folder / "painting.png") as painting:
        assert max(painting.size) == 96

    shown = old.suisai("service", "install", "--show")
    assert f"WorkingDirectory={old.folder}" in shown

    old.start()
    with WebClient(old.page) as visitor:
        assert visitor.visit(PHOTOS["cat"].read_bytes(), threading.Event()) is not None
    assert "answered        1" in old.suisai("status")
    assert "Settings:" in old.log.read_text()
    assert "already runs" in old.suisai("up", code=1)

    archive = str(tmp_path / "suisai.tar.gz")
    assert "0 open jobs" in old.suisai("backup", archive, "--move")
    old.stop()
    assert "Restored to" in new.suisai("restore", archive)
    (new.folder / ".env").write_bytes((old.folder / ".env").read_bytes())
    new.start()
    assert "answered        1" in new.suisai("status")
    with WebClient(new.page) as visitor:
        assert visitor.visit(PHOTOS["coffee"].read_bytes(), threading.Event()) is not None
    assert "answered        2" in new.suisai("status")
