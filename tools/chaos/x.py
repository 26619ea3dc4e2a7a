"""Chaos on X: mentions and direct messages with a photo, and random faults, also after the effect."""

from __future__ import annotations

import time

from tests.fakes.fake_platform import picture
from tests.fakes.fault_injector import FaultInjector, FaultKind
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import Fault, Faults
from tools.chaos.platform import APOLOGY, PAINTING, Tally, is_apology
from tools.chaos.workload import POISON, Workload

_MESSAGE_EVERY = 10
"""One request in so many is a direct message."""


class InjectedFaults(Faults):
    """Random faults of the bot's calls."""

    def __init__(self, injector: FaultInjector, hidden: tuple[str, ...]) -> None:
        super().__init__()
        self._injector = injector
        self._hidden = hidden
        """Prefixes of calls that list the bot's own posts; answered with an empty list."""

    def take(self, request: str) -> Fault | None:
        """Return the fault of this call, or None."""
        if self._hidden and request.startswith(self._hidden):
            return Fault(request, 200, {"meta": {"result_count": 0}})
        match self._injector.draw(*FaultKind):
            case FaultKind.FLOOD:
                return Fault(request, 429, _TOO_MANY, _reset())
            case FaultKind.LOST:
                return Fault(request, after=True)
            case FaultKind.CUT:
                return Fault(request)
            case FaultKind.OUTAGE:
                return Fault(request, 503, {"title": "Service Unavailable"})
        return None


class XChaos:
    """People mention the bot with a photo, or send it a direct message."""

    listener = ("bots", "x")

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._injector = FaultInjector(seed + 1, enabled=faulty)
        self._workload = Workload(jobs, seed, faulty=faulty)
        self._x = FakeX().__enter__()
        # X refuses the same text twice, which would hide a second answer.
        self._x.world.forgives_duplicates = True
        own_posts = f"GET /2/users/{self._x.world.bot}/tweets"
        hidden = () if reconciles else (own_posts, "GET /2/dm_conversations/with/")
        self._x.faults = InjectedFaults(self._injector, hidden)
        self._asked: list[str] = []
        self._senders: dict[str, str] = {}
        """Account -> the id of its message."""
        self.environment = _settings(self._x.url)

    def send_requests(self, most: int) -> int:
        """Send the next requests, once the bot listens: it ignores what is older."""
        if not self._asked and not self._is_listening():
            return 0
        requests = self._workload.next(most)
        for number, name in requests:
            self._ask(number, name)
        return len(requests)

    def tally(self) -> Tally:
        """Return the answers to mentions and direct messages."""
        with self._x.world.lock:
            seen = {ask: self._replies(ask) for ask in self._asked}
            seen |= {ask: self._messages(writer) for writer, ask in self._senders.items()}
        answers = {ask: said for ask, said in seen.items() if said}
        return Tally(self._workload.of, answers, self._injector.counts)

    def close(self) -> None:
        """Stop serving."""
        self._x.__exit__()

    def _ask(self, number: int, name: str) -> None:
        world, data = self._x.world, picture(name)
        if name.startswith(POISON):
            data = data[: len(data) // 2]
        photo = world.picture(world.file(f"{name}.jpg", data))
        if number % _MESSAGE_EVERY:
            self._asked.append(world.post(f"fan{number}", "@suisai", media=[photo]))
        else:
            # A direct message quotes nothing: its answer is recognised by its recipient.
            ask = world.message(f"writer{number}", "", [photo])
            self._senders[world.person(f"writer{number}")] = ask

    def _replies(self, ask: str) -> list[str]:
        return [PAINTING if said.media else APOLOGY for said in self._x.world.replies_to(ask)]

    def _messages(self, writer: str) -> list[str]:
        sent = [note for note in self._x.world.sent if writer in note.conversation.split("-")]
        answers = [note for note in sent if note.media or is_apology(note.text)]
        return [PAINTING if note.media else APOLOGY for note in answers]

    def _is_listening(self) -> bool:
        """Tell whether the bot has both cursors: later polls contain them."""
        polls = [asked for asked in list(self._x.asked) if asked.method == "GET"]
        messages = [asked for asked in polls if asked.path == "/2/dm_events"]
        mentions = any("since_id" in asked.query for asked in polls)
        return mentions and len({asked.query["max_results"] for asked in messages}) > 1


_TOO_MANY = {"title": "Too Many Requests", "detail": "Too Many Requests"}


def _reset() -> dict[str, str]:
    return {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(int(time.time()) + 1)}


def _settings(url: str) -> dict[str, str]:
    of_x = {
        "api_url": url,
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
        "daily_budget_usd": "0",
        "monthly_budget_usd": "0",
    }
    return {f"SUISAI_X_{name.upper()}": value for name, value in of_x.items()}
