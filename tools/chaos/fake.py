"""Chaos on the fake platform, which is a separate package (`tests/fakes/site`)."""

from __future__ import annotations

import os
from pathlib import Path

from redis import Redis

from tests.fakes.fake_platform import FakePlatformServer
from tests.fakes.fault_injector import FaultInjector
from tools.chaos.platform import Tally
from tools.chaos.workload import DISTINCT_PEOPLE, Workload

ROOT = Path(__file__).parents[2]
SITE = ROOT / "tests" / "fakes" / "site"


class FakeChaos:
    """People send photos on the fake platform; some photos crash the process that opens them."""

    listener = ("bots", "listen", "fake")
    resumes = ()

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._injector = FaultInjector(seed + 1, enabled=faulty)
        self._workload = Workload(jobs, seed, faulty=faulty)
        self._server = FakePlatformServer(self._injector)
        self.environment = {
            "SUISAI_FAKE_URL": self._server.url,
            "SUISAI_FAKE_RECONCILES": str(int(reconciles)),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{SITE}",
        }

    def send_requests(self, most: int) -> int:
        """Send the next requests."""
        requests = self._workload.next(most)
        for number, photo in requests:
            self._server.add_request(f"e{number}", f"p{number % DISTINCT_PEOPLE}", photo)
        return len(requests)

    def tally(self) -> Tally:
        """Return the answers that arrived."""
        return Tally(self._workload.of, self._server.all_answers(), self._injector.counts)

    def audit(self, redis: Redis, namespace: str) -> tuple[dict[str, int], list[str]]:
        """Return nothing: answers are all that is promised here."""
        return {}, []

    def close(self) -> None:
        """Stop serving."""
        self._server.close()
