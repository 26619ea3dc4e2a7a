"""Chaos on Telegram: private chats, a server with flood limits, and random faults."""

from __future__ import annotations

import random
import re
from collections import Counter
from contextlib import suppress

from redis import Redis

from bots.i18n import t
from tests.fakes.fake_platform import picture
from tests.fakes.fault_injector import FaultInjector, FaultKind
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import CallFault, CallFaults
from tests.fakes.telegram_limits import FloodLimits
from tests.fakes.telegram_world import Chat
from tools.chaos.platform import APOLOGY, PAINTING, Tally, is_apology
from tools.chaos.workload import DISTINCT_PEOPLE, UNPAINTABLE, Workload

_FIRST_PERSON = 1_001


_PROMISES = re.compile(
    r"in line, about|^Painting…|:$|…$|"
    + "|".join(
        re.escape(t("en", key)) for key in ("status-fetch", "status-deliver", "status-paused")
    )
)
_NOT_SENT = tuple(
    t("en", key, count=1)[:40]
    for key in ("telegram-no-pictures-here", "telegram-not-taken", "telegram-in-doubt")
)
_NO_PHOTOS, _NO_PICTURES = 19, 23
"""One chat in 19 forbids photos, one in 23 photos and files."""
_SETTLED_S = 60.0

_EDITS = ("editMessageMedia", "editMessageText")
_RARE = {
    "unknown refusals": (0.02, "Bad Request: a sentence of next year"),
    "edits that another one canceled": (0.01, "Bad Request: canceled by new edit message request"),
}


class TelegramFaults(CallFaults):
    """Random faults of calls: 429s by chat and method, and refusals."""

    def __init__(
        self, injector: FaultInjector, limits: FloodLimits, seed: int, *, faulty: bool
    ) -> None:
        super().__init__()
        self._injector = injector
        self._limits = limits
        self._rng = random.Random(seed)
        self._faulty = faulty
        self.counts: Counter[str] = Counter()

    def next(self, method: str, chat: int | None) -> CallFault | None:
        """Return the fault of this call, or None."""
        match self._injector.draw(*FaultKind):
            case FaultKind.FLOOD:
                seconds = self._rng.choice((1, 1, 1, 2, 5))
                if chat is not None:
                    self._limits.flood(chat, seconds, method)
                words = f"Too Many Requests: retry after {seconds}"
                return CallFault(
                    method, status=429, description=words, parameters={"retry_after": seconds}
                )
            case FaultKind.LOST:
                return CallFault(method, lost=True)
            case FaultKind.CUT:
                return CallFault(method, cut=True)
            case FaultKind.OUTAGE:
                return CallFault(method, status=502, description="Bad Gateway")
        return self._refusal(method)

    def _refusal(self, method: str) -> CallFault | None:
        if not self._faulty or method not in (*_EDITS, "sendPhoto"):
            return None
        drawn = self._rng.random()
        for what, (share, sentence) in _RARE.items():
            drawn -= share
            if drawn < 0:
                self.counts[what] += 1
                return CallFault(method, status=400, description=sentence)
        return None


class TelegramChaos:
    """People send photos to the bot in private chats; a few files are broken."""

    listener = ("bots", "telegram")
    resumes = ()

    def __init__(self, jobs: int, seed: int, *, faulty: bool = True) -> None:
        self._injector = FaultInjector(seed + 1, enabled=faulty)
        self._workload = Workload(jobs, seed, faulty=faulty)
        self._api = TelegramApi()
        self._faults = TelegramFaults(self._injector, self._api.limits, seed, faulty=faulty)
        self._api.faults = self._faults
        self._faulty = faulty
        self._asked: list[tuple[Chat, int]] = []
        self.environment = {**self._api.settings(), "SUISAI_TELEGRAM_POLL_TIMEOUT_S": "1"}

    def send_requests(self, most: int) -> int:
        """Send the next photos."""
        requests = self._workload.next(most)
        for number, name in requests:
            person, photo = _FIRST_PERSON + number % DISTINCT_PEOPLE, picture(name)
            if self._faulty:
                self._forbid(person)
            if name.startswith(UNPAINTABLE):
                half = photo[: len(photo) // 2]
                sent = self._api.people.document(person, half, "photo.jpg", "image/jpeg")
            else:
                sent = self._api.people.photo(person, photo)
            self._asked.append((self._api.world.chat(person), sent["message_id"]))
        return len(requests)

    def tally(self) -> Tally:
        """Return the answers in the chats; also count promises that were not removed."""
        answers = self._answers()
        if len(answers) == self._workload.of:
            # The listener removes promises when their jobs have ended.
            with suppress(AssertionError):
                self._api.world.wait(lambda: not self._promises(), _SETTLED_S)
        left = self._promises()
        counts = self._injector.counts + self._faults.counts
        counts["false promises left"] = len(left)
        counts.update(f"left: {text}" for text in left)
        counts["messages whose id was lost with the answer"] = len(self._api.lost_messages)
        return Tally(self._workload.of, answers, counts, len(left))

    def _answers(self) -> dict[str, list[str]]:
        with self._api.world.changed:
            seen = {
                f"{chat.id}/{request}": _answers(chat, request) for chat, request in self._asked
            }
        return {request: said for request, said in seen.items() if said}

    def _promises(self) -> list[str]:
        """Return messages that promise something although every job has ended."""
        with self._api.world.changed:
            return [
                text
                for chat in self._api.world.chats.values()
                for message in chat.of_bot()
                if is_promise(text := message.get("text", ""))
            ]

    def _forbid(self, person: int) -> None:
        chat = self._api.world.chat(person)
        if person % _NO_PHOTOS == 0:
            chat.forbidden = {"photo"}
        elif person % _NO_PICTURES == 0:
            chat.forbidden = {"photo", "document"}

    def audit(self, redis: Redis, namespace: str) -> tuple[dict[str, int], list[str]]:
        """Return nothing: answers are all that is promised here."""
        return {}, []

    def close(self) -> None:
        """Stop serving."""
        self._api.close()


def is_promise(text: str) -> bool:
    """Return whether a text announces that another message will follow."""
    return _PROMISES.search(text) is not None


def _answers(chat: Chat, request: int) -> list[str]:
    said = [
        message.get("text", "")
        for message in chat.of_bot()
        if message.get("reply_to_message", {}).get("message_id") == request
    ]
    paintings = [PAINTING] * len(chat.paintings(request))
    apologies = [APOLOGY] * sum(map(is_apology, said))
    # "It may not have arrived" in addition to a painting is not a second answer.
    not_sent = (
        [APOLOGY] if any(text.startswith(_NOT_SENT) for text in said) and not paintings else []
    )
    return paintings + apologies + not_sent
