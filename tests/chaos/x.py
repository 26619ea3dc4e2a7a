"""X: mentions with a photo, and requests that go wrong at random, also after a post was made."""

from __future__ import annotations

import random
import time
from collections import Counter

from tests.chaos.world import APOLOGY, PAINTING, Books
from tests.fakes.fake_world import picture
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import Fault, Faults

FLOOD_RATE, CUT_RATE, LOST_RATE, OUTAGE_RATE = 0.1, 0.03, 0.05, 0.02
BROKEN_RATE, VIRAL_RATE = 0.02, 0.1
_POSTING = "POST /2/tweets"


class Mischief(Faults):
    """Draws for each request whether, and how, it goes wrong."""

    def __init__(self, chance: random.Random, timeline: str) -> None:
        super().__init__()
        self._chance = chance
        self._timeline = timeline
        """The request that lists what the bot posted; answered as if it had posted nothing. '': never."""
        self.counts: Counter[str] = Counter()

    def take(self, request: str) -> Fault | None:
        """Return the fault that this request runs into, None for none."""
        if self._timeline and request == self._timeline:
            return Fault(request, 200, {"meta": {"result_count": 0}})
        draw = self._chance.random()
        for rate, what, fault in (
            (FLOOD_RATE, "floods", Fault(request, 429, _TOO_MANY, _reset())),
            (LOST_RATE if request == _POSTING else 0, "lost responses", Fault(request, after=True)),
            (CUT_RATE, "cut requests", Fault(request)),
            (OUTAGE_RATE, "outages", Fault(request, 503, {"title": "Service Unavailable"})),
        ):
            if draw < rate:
                self.counts[what] += 1
                return fault
            draw -= rate
        return None


class XWorld:
    """People mention the bot with a photo; one in ten has the same photo, a few are broken."""

    intake = ("bots", "x")

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._chance = random.Random(seed)
        self._x = FakeX().__enter__()
        self._x.world.forgives_duplicates = True
        own = f"GET /2/users/{self._x.world.bot}"
        self._mentions = f"{own}/mentions"
        hidden = "" if reconciles else f"{own}/tweets"
        self._mischief = Mischief(random.Random(seed + 1), hidden)
        self._broken_rate = BROKEN_RATE if faulty else 0.0
        if faulty:
            self._x.faults = self._mischief
        self._of = jobs
        self._asked: list[str] = []
        self.environment = _settings(self._x.url)

    def act(self, most: int) -> int:
        """Let the next few people post, once the bot has begun to listen: it leaves the past alone."""
        if not self._asked and self._looks() < 2:
            return 0
        before = len(self._asked)
        for number in range(before, min(self._of, before + most)):
            self._asked.append(
                self._x.world.post(f"fan{number}", "@suisai", media=[self._photo(number)])
            )
        return len(self._asked) - before

    def books(self) -> Books:
        """Return which of the mentions have a reply of the bot, and of which kind."""
        answers: dict[str, list[str]] = {}
        for said in list(self._x.world.made):
            kind = PAINTING if said.media else APOLOGY
            answers.setdefault(said.replies_to or "nobody", []).append(kind)
        return Books(self._of, answers, self._mischief.counts)

    def close(self) -> None:
        """Stop serving."""
        self._x.__exit__()

    def _looks(self) -> int:
        return sum(
            asked.name == self._mentions and status == 200
            for asked, status, _ in list(self._x.answered)
        )

    def _photo(self, number: int) -> str:
        draw = self._chance.random()
        name = "viral" if draw < VIRAL_RATE else f"photo-{number}"
        data = picture(name)
        if draw > 1 - self._broken_rate:
            data = data[: len(data) // 2]
        world = self._x.world
        return world.picture(world.file(f"{number}.jpg", data))


_TOO_MANY = {"title": "Too Many Requests", "detail": "Too Many Requests"}


def _reset() -> dict[str, str]:
    return {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 1)}


def _settings(url: str) -> dict[str, str]:
    of_x = {
        "api_url": url,
        "consumer_key": "consumer-key",
        "consumer_secret": CONSUMER_SECRET,
        "access_token": "access-token",
        "access_token_secret": TOKEN_SECRET,
        "settling_s": "0.5",
        "direct_messages": "false",
        "poll_fastest_s": "0.3",
        "poll_slowest_s": "0.5",
        "posts_per_quarter_hour": "1000000",
        "daily_budget_usd": "0",
        "monthly_budget_usd": "0",
    }
    return {f"SUISAI_X_{name.upper()}": value for name, value in of_x.items()}
