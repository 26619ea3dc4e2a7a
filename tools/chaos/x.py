"""Chaos on X: mentions and direct messages with a photo, and random faults as X has them."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping

from redis import Redis

from bots.x.budget import Budget, price_table
from tasks.kv import KeyValueStore
from tests.fakes import x_problems as problems
from tests.fakes.fake_platform import picture
from tests.fakes.fault_injector import FaultInjector, FaultKind
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import XFault, XFaults
from tests.fakes.x_world import XWorld
from tools.chaos.platform import APOLOGY, PAINTING, Tally, is_apology
from tools.chaos.workload import UNPAINTABLE, Workload

_MESSAGE_EVERY = 10
"""One request in so many is a direct message."""
_USD_PER_JOB = 0.06
"""A budget that is enough for all answers, and that a bot which pays twice would exceed."""
_LATE_RATE, _LATE_S = 0.1, (0.5, 4.0)
"""Share of the mentions that X lists late, and how late."""
_ENDLESS_RATE = 0.03
"""Share of the lists that name their own page as the next one."""
_SENDING: tuple[tuple[str, float, problems.XProblem], ...] = (
    ("answers called automated (226)", 0.03, problems.AUTOMATED_CODE),
    ("answers beyond the spend cap", 0.01, problems.SPEND_CAP),
    ("answers without credits", 0.01, problems.NO_CREDITS),
    ("answers refused with an unknown error", 0.01, problems.UNKNOWN_403),
    ("answers called duplicates", 0.03, problems.DUPLICATE),
    ("answers whose picture X has lost", 0.02, problems.MEDIA_INVALID),
    ("answers over capacity (130)", 0.02, problems.OVER_CAPACITY),
)
"""Faults of calls that send, with their rates."""
_DESCRIPTION_RATE = 0.1


class InjectedFaults(XFaults):
    """Random faults of the bot's calls."""

    def __init__(
        self,
        injector: FaultInjector,
        world: XWorld,
        hidden: tuple[str, ...],
        seed: int,
        faulty: bool,
    ) -> None:
        super().__init__()
        self._injector = injector
        self._world = world
        self._hidden = hidden
        """Prefixes of calls that list the bot's own posts; answered with an empty list."""
        self._rng = random.Random(seed)
        self._faulty = faulty
        self.counts: Counter[str] = Counter()

    def take(self, request: str) -> XFault | None:
        """Return the fault of this call, or None."""
        if self._hidden and request.startswith(self._hidden):
            return XFault(request, 200, {"meta": {"result_count": 0}})
        match self._injector.draw(*FaultKind):
            case FaultKind.FLOOD:
                return XFault(request, 429, _TOO_MANY, _reset())
            case FaultKind.LOST:
                return XFault(request, after=True)
            case FaultKind.CUT:
                return XFault(request)
            case FaultKind.OUTAGE:
                return XFault(request, 503, {"title": "Service Unavailable"})
        return self._of_x(request) if self._faulty else None

    def _of_x(self, request: str) -> XFault | None:
        drawn = self._rng.random()
        if request.startswith("GET /2/users/"):
            self._world.repeats_tokens = drawn < _ENDLESS_RATE
            self.counts["lists that do not end"] += self._world.repeats_tokens
        if request == "POST /2/media/metadata" and drawn < _DESCRIPTION_RATE:
            self.counts["descriptions refused"] += 1
            return problems.UNKNOWN_400.at(request)
        if request == "POST /2/tweets" or request.endswith("/messages"):
            for what, share, problem in _SENDING:
                drawn -= share
                if drawn < 0:
                    self.counts[what] += 1
                    return problem.at(request)
        return None


class XChaos:
    """People mention the bot with a photo, or send it a direct message."""

    listener = ("bots", "x")
    resumes = ("x", "x-dm")

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._injector = FaultInjector(seed + 1, enabled=faulty)
        self._workload = Workload(jobs, seed, faulty=faulty)
        self._x = FakeX().__enter__()
        # X refuses the same text twice, which would hide a second answer.
        self._x.world.forgives_duplicates = True
        own_posts = f"GET /2/users/{self._x.world.bot}/tweets"
        hidden = () if reconciles else (own_posts, "GET /2/dm_conversations/with/")
        self._faults = InjectedFaults(self._injector, self._x.world, hidden, seed + 2, faulty)
        self._x.faults = self._faults
        self._rng = random.Random(seed + 3)
        self._late_rate = _LATE_RATE if faulty else 0.0
        self._late: dict[str, float] = {}
        """Mentions that X does not list yet -> when it does."""
        self._late_count = 0
        self._asked: list[str] = []
        self._senders: dict[str, str] = {}
        """Account -> the id of its message."""
        self._limit_usd = 1.0 + _USD_PER_JOB * jobs
        self.environment = _settings(self._x.url, self._limit_usd)

    def send_requests(self, most: int) -> int:
        """Send the next requests, once the bot listens: it ignores what is older."""
        self._list_late_ones()
        if not self._asked and not self._is_listening():
            return 0
        requests = self._workload.next(most)
        for number, name in requests:
            self._ask(number, name)
        return len(requests)

    def tally(self) -> Tally:
        """Return the answers to mentions and direct messages."""
        with self._x.world.lock:
            seen = {request: self._replies(request) for request in self._asked}
            seen |= {request: self._messages(writer) for writer, request in self._senders.items()}
        answers = {request: said for request, said in seen.items() if said}
        return Tally(self._workload.of, answers, self._injector.counts + self._faults.counts)

    def audit(self, redis: Redis, namespace: str) -> tuple[Mapping[str, int], list[str]]:
        """Compare what X bills with what the bot counted and may spend."""
        store = KeyValueStore(redis, f"{namespace}:notes:x")
        spent = Budget(store, price_table(owns_app=True), self._limit_usd, 0.0).spending()
        billed, broken = self._x.bill.dollars, []
        if billed > self._limit_usd:
            broken.append(f"X bills ${billed:.3f} where ${self._limit_usd:.3f} is the limit")
        if not spent.today_usd - spent.uncertain_usd - 0.02 * billed <= billed:
            broken.append(f"the bot counted ${spent.today_usd:.3f}, X bills ${billed:.3f}")
        if billed > spent.today_usd + spent.held_usd + 0.02 * billed:
            broken.append(f"the bot counted only ${spent.today_usd:.3f}, X bills ${billed:.3f}")
        return {
            "billed by X, in hundredths of a cent": round(billed * 10_000),
            "counted by the bot, in hundredths of a cent": round(spent.today_usd * 10_000),
            "of these of unknown outcome": round(spent.uncertain_usd * 10_000),
            "mentions listed late": self._late_count,
        }, broken

    def close(self) -> None:
        """Stop serving."""
        self._x.__exit__()

    def _ask(self, number: int, name: str) -> None:
        world, data = self._x.world, picture(name)
        if name.startswith(UNPAINTABLE):
            data = data[: len(data) // 2]
        photo = world.picture(world.file(f"{name}.jpg", data))
        if number % _MESSAGE_EVERY:
            with world.lock:
                request = world.post(f"fan{number}", "@suisai", media=[photo])
                if self._rng.random() < self._late_rate:
                    world.late.add(request)
                    self._late[request] = time.monotonic() + self._rng.uniform(*_LATE_S)
            self._asked.append(request)
        else:
            # A direct message has no reply reference: its answer is found by its recipient.
            request = world.message(f"writer{number}", "", [photo])
            self._senders[world.person(f"writer{number}")] = request

    def _list_late_ones(self) -> None:
        now = time.monotonic()
        for request in [each for each, at in self._late.items() if at <= now]:
            self._x.world.late.discard(request)
            del self._late[request]
            self._late_count += 1

    def _replies(self, request: str) -> list[str]:
        return [PAINTING if said.media else APOLOGY for said in self._x.world.replies_to(request)]

    def _messages(self, writer: str) -> list[str]:
        sent = [note for note in self._x.world.sent if writer in note.conversation.split("-")]
        answers = [note for note in sent if note.media or is_apology(note.text)]
        return [PAINTING if note.media else APOLOGY for note in answers]

    def _is_listening(self) -> bool:
        """Return whether the bot has both cursors, which its later polls contain."""
        polls = [asked for asked in list(self._x.asked) if asked.method == "GET"]
        messages = [asked for asked in polls if asked.path == "/2/dm_events"]
        mentions = any("since_id" in asked.query for asked in polls)
        return mentions and len({asked.query["max_results"] for asked in messages}) > 1


_TOO_MANY = {"title": "Too Many Requests", "detail": "Too Many Requests"}


def _reset() -> dict[str, str]:
    return {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 1)}


def _settings(url: str, limit_usd: float) -> dict[str, str]:
    of_x = {
        "api_url": url,
        "owns_app": "true",
        "look_back_s": "30",
        "photo_hosts": '["127.0.0.1"]',
        "consumer_key": "consumer-key",
        "consumer_secret": CONSUMER_SECRET,
        "access_token": "access-token",
        "access_token_secret": TOKEN_SECRET,
        "settling_s": "0.5",
        "retry_s": "0.2",
        "poll_fastest_s": "0.3",
        "poll_slowest_s": "0.5",
        "messages_poll_s": "0.5",
        "posts_per_quarter_hour": "1000000",
        "messages_per_quarter_hour": "1000000",
        "daily_budget_usd": str(limit_usd),
        "monthly_budget_usd": "0",
    }
    return {f"SUISAI_X_{name.upper()}": value for name, value in of_x.items()}
