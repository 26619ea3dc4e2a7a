"""X: mentions and direct messages with a photo, and requests that go wrong, also after the deed."""

from __future__ import annotations

import time

from tests.fakes.fake_weather import Mishap, Weather
from tests.fakes.fake_world import picture
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import Fault, Faults
from tools.chaos.crowd import POISON, Crowd
from tools.chaos.world import APOLOGY, PAINTING, Books, is_apology

_LETTER_EVERY = 10
"""Of the asks, one in so many is a direct message."""


class Skies(Faults):
    """Lets requests go wrong as the weather is."""

    def __init__(self, weather: Weather, hidden: tuple[str, ...]) -> None:
        super().__init__()
        self._weather = weather
        self._hidden = hidden
        """Requests (prefixes) that list what the bot said; answered as if it had said nothing."""

    def take(self, request: str) -> Fault | None:
        """Return the fault that this request runs into, None for none."""
        if self._hidden and request.startswith(self._hidden):
            return Fault(request, 200, {"meta": {"result_count": 0}})
        match self._weather.draw(*Mishap):
            case Mishap.FLOOD:
                return Fault(request, 429, _TOO_MANY, _reset())
            case Mishap.LOST:
                return Fault(request, after=True)
            case Mishap.CUT:
                return Fault(request)
            case Mishap.OUTAGE:
                return Fault(request, 503, {"title": "Service Unavailable"})
        return None


class XWorld:
    """People mention the bot with a photo, or write to it."""

    intake = ("bots", "x")

    def __init__(self, jobs: int, seed: int, *, reconciles: bool, faulty: bool = True) -> None:
        self._weather = Weather(seed + 1, fair=not faulty)
        self._crowd = Crowd(jobs, seed, faulty=faulty)
        self._x = FakeX().__enter__()
        # X itself refuses the same words twice: a double would hide behind that.
        self._x.world.forgives_duplicates = True
        own_posts = f"GET /2/users/{self._x.world.bot}/tweets"
        hidden = () if reconciles else (own_posts, "GET /2/dm_conversations/with/")
        self._x.faults = Skies(self._weather, hidden)
        self._asked: list[str] = []
        self._writers: dict[str, str] = {}
        """By account, the message that it wrote."""
        self.environment = _settings(self._x.url)

    def act(self, most: int) -> int:
        """Let the next few people ask, once the bot has begun to listen: it leaves the past alone."""
        if not self._asked and not self._is_heard():
            return 0
        come = self._crowd.next(most)
        for number, name in come:
            self._ask(number, name)
        return len(come)

    def books(self) -> Books:
        """Return which of the asks were answered by the bot, and how."""
        with self._x.world.lock:
            seen = {ask: self._replies(ask) for ask in self._asked}
            seen |= {ask: self._letters(writer) for writer, ask in self._writers.items()}
        answers = {ask: said for ask, said in seen.items() if said}
        return Books(self._crowd.of, answers, self._weather.counts)

    def close(self) -> None:
        """Stop serving."""
        self._x.__exit__()

    def _ask(self, number: int, name: str) -> None:
        world, data = self._x.world, picture(name)
        if name.startswith(POISON):
            data = data[: len(data) // 2]
        photo = world.picture(world.file(f"{name}.jpg", data))
        if number % _LETTER_EVERY:
            self._asked.append(world.post(f"fan{number}", "@suisai", media=[photo]))
        else:
            # A message quotes nothing: the answer is known by who gets it.
            ask = world.message(f"writer{number}", "", [photo])
            self._writers[world.person(f"writer{number}")] = ask

    def _replies(self, ask: str) -> list[str]:
        return [PAINTING if said.media else APOLOGY for said in self._x.world.replies_to(ask)]

    def _letters(self, writer: str) -> list[str]:
        sent = [note for note in self._x.world.sent if writer in note.conversation.split("-")]
        answers = [note for note in sent if note.media or is_apology(note.text)]
        return [PAINTING if note.media else APOLOGY for note in answers]

    def _is_heard(self) -> bool:
        """Tell whether both cursors stand: the looks after the first name or go beyond them."""
        looks = [asked for asked in list(self._x.asked) if asked.method == "GET"]
        letters = [asked for asked in looks if asked.path == "/2/dm_events"]
        mentions = any("since_id" in asked.query for asked in looks)
        return mentions and len({asked.query["max_results"] for asked in letters}) > 1


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
        "poll_fastest_s": "0.3",
        "poll_slowest_s": "0.5",
        "messages_poll_s": "0.5",
        "posts_per_quarter_hour": "1000000",
        "messages_per_quarter_hour": "1000000",
        "daily_budget_usd": "0",
        "monthly_budget_usd": "0",
    }
    return {f"SUISAI_X_{name.upper()}": value for name, value in of_x.items()}
