"""A platform that exists nowhere else: its world is a process, its adapter a package of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import httpx

from tests.chaos.world import Books
from tests.stack import eventually

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "fakes" / "site"


class FakeWorld:
    """Ten asks at a time are there to be read; some photos kill the process that opens them."""

    intake = ("tests.fakes.fake_intake",)

    def __init__(self, folder: Path, jobs: int, seed: int, *, reconciles: bool) -> None:
        address = folder / "world"
        wish = ["--jobs", str(jobs), "--seed", str(seed), "--address", str(address)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.fake_world", *wish], cwd=ROOT
        )
        eventually(address.exists, what="the fake world opens")
        self._url = address.read_text()
        self.environment = {
            "SUISAI_FAKE_URL": self._url,
            "SUISAI_FAKE_RECONCILES": str(int(reconciles)),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{SITE}",
        }

    def act(self, most: int) -> int:
        """Everybody has asked from the start: `most` changes nothing."""
        return 0

    def books(self) -> Books:
        """Return the world's own books."""
        state = httpx.get(f"{self._url}/state", timeout=10).json()
        return Books(state["of"], state["answers"], state["counts"])

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.wait()
