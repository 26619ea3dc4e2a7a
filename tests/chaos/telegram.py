"""Telegram: people in private chats, a server with flood limits, and calls that go wrong at random."""

from __future__ import annotations

import random
from collections import Counter

from bots.phrases import say
from tests.chaos.world import APOLOGY, PAINTING, Books
from tests.fakes.fake_world import picture
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import Fault, Faults
from tests.fakes.telegram_world import Chat

FLOOD_RATE, CUT_RATE, LOST_RATE, OUTAGE_RATE = 0.1, 0.03, 0.05, 0.02
BROKEN_RATE = 0.02
_PEOPLE = 97
_SORRY = tuple(say("en", key) for key in ("apology-truncated", "apology-our-fault"))


class Mischief(Faults):
    """Draws for each call whether, and how, it goes wrong."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance
        self.counts: Counter[str] = Counter()

    def next(self, method: str) -> Fault | None:
        """Return the fault that this call runs into, None for none."""
        draw = self._chance.random()
        for rate, what, fault in (
            (FLOOD_RATE, "floods", _flood(method)),
            (LOST_RATE, "lost responses", Fault(method, lost=True)),
            (CUT_RATE, "cut uploads", Fault(method, cut=True)),
            (OUTAGE_RATE, "outages", Fault(method, status=502, description="Bad Gateway")),
        ):
            if draw < rate:
                self.counts[what] += 1
                return fault
            draw -= rate
        return None


class TelegramWorld:
    """Each person sends their photos to the bot; a few files are broken."""

    intake = ("bots", "telegram")

    def __init__(self, jobs: int, seed: int, *, faulty: bool = True) -> None:
        self._chance = random.Random(seed)
        self._api = TelegramApi()
        self._mischief = Mischief(random.Random(seed + 1))
        self._broken_rate = BROKEN_RATE if faulty else 0.0
        if faulty:
            self._api.faults = self._mischief
        self._of = jobs
        self._asked: list[tuple[Chat, int]] = []
        self.environment = {**self._api.settings(), "SUISAI_TELEGRAM_POLL_TIMEOUT_S": "1"}

    def act(self, most: int) -> int:
        """Let the next few people send a photo."""
        before = len(self._asked)
        for number in range(before, min(self._of, before + most)):
            person = 1_001 + number % _PEOPLE
            photo = picture(f"photo-{number}")
            if self._chance.random() < self._broken_rate:
                half = photo[: len(photo) // 2]
                sent = self._api.people.document(person, half, "photo.jpg", "image/jpeg")
            else:
                sent = self._api.people.photo(person, photo)
            self._asked.append((self._api.world.chat(person), sent["message_id"]))
        return len(self._asked) - before

    def books(self) -> Books:
        """Return what stands in the chats as an answer to each photo."""
        with self._api.world.changed:
            seen = {f"{chat.id}/{ask}": _answers(chat, ask) for chat, ask in self._asked}
        answers = {ask: said for ask, said in seen.items() if said}
        return Books(self._of, answers, self._mischief.counts)

    def close(self) -> None:
        """Stop serving."""
        self._api.close()


def _answers(chat: Chat, ask: int) -> list[str]:
    sorry = [
        message
        for message in chat.of_bot()
        if message.get("reply_to_message", {}).get("message_id") == ask
        and message.get("text", "").startswith(_SORRY)
    ]
    return [PAINTING] * len(chat.paintings(ask)) + [APOLOGY] * len(sorry)


def _flood(method: str) -> Fault:
    return Fault(
        method,
        status=429,
        description="Too Many Requests: retry after 1",
        parameters={"retry_after": 1},
    )
