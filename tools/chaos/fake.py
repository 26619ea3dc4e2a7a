"""A platform that exists nowhere else: its adapter is a package of its own, found as others' would be."""

from __future__ import annotations

import os
from pathlib import Path

from tests.fakes.fake_weather import Weather
from tests.fakes.fake_world import World
from tools.chaos.crowd import PEOPLE, Crowd
from tools.chaos.world import Books

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "fakes" / "site"


class FakeWorld:
    """Some of its photos kill the process that opens them."""

    intake = ("bots", "listen", "fake")

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._weather = Weather(seed + 1, fair=not faulty)
        self._crowd = Crowd(jobs, seed, faulty=faulty)
        self._world = World(self._weather)
        self.environment = {
            "SUISAI_FAKE_URL": self._world.url,
            "SUISAI_FAKE_RECONCILES": str(int(reconciles)),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{SITE}",
        }

    def act(self, most: int) -> int:
        """Let the next few people ask."""
        come = self._crowd.next(most)
        for number, photo in come:
            self._world.ask(f"e{number}", f"p{number % PEOPLE}", photo)
        return len(come)

    def books(self) -> Books:
        """Return which answers arrived."""
        return Books(self._crowd.of, self._world.all_answers(), self._weather.counts)

    def close(self) -> None:
        """Stop serving."""
        self._world.close()
