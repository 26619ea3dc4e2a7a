"""Telegram: people in private chats, a server with flood limits, and calls that go wrong at random."""

from __future__ import annotations

from tests.fakes.fake_weather import Mishap, Weather
from tests.fakes.fake_world import picture
from tests.fakes.telegram_api import TelegramApi
from tests.fakes.telegram_faults import Fault, Faults
from tests.fakes.telegram_world import Chat
from tools.chaos.crowd import PEOPLE, POISON, Crowd
from tools.chaos.world import APOLOGY, PAINTING, Books, is_apology

_FIRST_PERSON = 1_001


class Skies(Faults):
    """Lets calls go wrong as the weather is."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather

    def next(self, method: str, chat: int | None) -> Fault | None:
        """Return the fault that this call runs into, None for none."""
        match self._weather.draw(*Mishap):
            case Mishap.FLOOD:
                words = "Too Many Requests: retry after 1"
                return Fault(method, status=429, description=words, parameters={"retry_after": 1})
            case Mishap.LOST:
                return Fault(method, lost=True)
            case Mishap.CUT:
                return Fault(method, cut=True)
            case Mishap.OUTAGE:
                return Fault(method, status=502, description="Bad Gateway")
        return None


class TelegramWorld:
    """Each person sends their photos to the bot; a few files are broken."""

    intake = ("bots", "telegram")

    def __init__(self, jobs: int, seed: int, *, faulty: bool = True) -> None:
        self._weather = Weather(seed + 1, fair=not faulty)
        self._crowd = Crowd(jobs, seed, faulty=faulty)
        self._api = TelegramApi()
        self._api.faults = Skies(self._weather)
        self._asked: list[tuple[Chat, int]] = []
        self.environment = {**self._api.settings(), "SUISAI_TELEGRAM_POLL_TIMEOUT_S": "1"}

    def act(self, most: int) -> int:
        """Let the next few people send a photo."""
        come = self._crowd.next(most)
        for number, name in come:
            person, photo = _FIRST_PERSON + number % PEOPLE, picture(name)
            if name.startswith(POISON):
                half = photo[: len(photo) // 2]
                sent = self._api.people.document(person, half, "photo.jpg", "image/jpeg")
            else:
                sent = self._api.people.photo(person, photo)
            self._asked.append((self._api.world.chat(person), sent["message_id"]))
        return len(come)

    def books(self) -> Books:
        """Return what stands in the chats as an answer to each photo."""
        with self._api.world.changed:
            seen = {f"{chat.id}/{ask}": _answers(chat, ask) for chat, ask in self._asked}
        answers = {ask: said for ask, said in seen.items() if said}
        return Books(self._crowd.of, answers, self._weather.counts)

    def close(self) -> None:
        """Stop serving."""
        self._api.close()


def _answers(chat: Chat, ask: int) -> list[str]:
    sorry = [
        message
        for message in chat.of_bot()
        if message.get("reply_to_message", {}).get("message_id") == ask
        and is_apology(message.get("text", ""))
    ]
    return [PAINTING] * len(chat.paintings(ask)) + [APOLOGY] * len(sorry)
