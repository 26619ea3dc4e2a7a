"""Time from a photo to its acknowledgement on Telegram, when idle and in a surge.

`python -m benchmarks.telegram` runs the real listener and a real Valkey against the tests' local Bot API
server, which has Telegram's flood limits. Nothing is painted, because acknowledgements do not wait for
painting. In one row an additional chat is flooded: Telegram refuses every call to it for an hour while its
person keeps sending photos. The floor is a bot that only fetches updates and answers each with a message,
without ledger and limits.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bots.telegram.client import open_bot
from bots.telegram.settings import TelegramSettings
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TOKEN, TelegramApi
from tests.fakes.telegram_limits import SPEAKING
from tests.stack import Stack

Variant = Callable[[TelegramApi], AbstractContextManager[None]]

PATIENCE_S = 180.0
APART_S = 0.05
"""Pause between an answer and the next person's photo, so that the bot is idle when it arrives."""
ACKNOWLEDGED = ("setMessageReaction", "sendMessage")
FLOODED = 1_000_001


@dataclass(frozen=True)
class CrowdRow:
    """The result of one variant."""

    variant: str
    people: int
    per_s: float
    """Photos per second; 0: one after the other."""
    median_ms: float
    p99_ms: float
    worst_ms: float
    unanswered: int
    floods: int
    """Calls that were answered with 429."""
    peak_per_s: int
    """Messages and edits in the busiest second."""


def send_photos(api: TelegramApi, people: int, per_s: float, variant: str) -> CrowdRow:
    """Send one photo per person and wait until each is acknowledged."""
    photo, sent = snapshot(1), {}
    begun = time.monotonic()
    for person in range(1, people + 1):
        if per_s:
            # Until this person's photo is due.
            time.sleep(max(0.0, begun + person / per_s - time.monotonic()))
        sent[person] = time.monotonic()
        api.people.photo(person, photo)
        if not per_s:
            _await_answers(api, person)
            time.sleep(APART_S)
    _await_answers(api, people)
    return _row(api, variant, per_s, sent)


def _await_answers(api: TelegramApi, people: int) -> None:
    # Missing answers are counted in the row; they are not an error.
    with suppress(AssertionError):
        api.world.wait(lambda: len(acknowledged_at(api)) >= people, PATIENCE_S)


def acknowledged_at(api: TelegramApi) -> dict[int, float]:
    """Return the time of the first acknowledgement to each person."""
    first: dict[int, float] = {}
    for call in api.made(*ACKNOWLEDGED, status=200):
        first.setdefault(int(call.fields["chat_id"]), call.at)
    return first


def _row(api: TelegramApi, variant: str, per_s: float, sent: dict[int, float]) -> CrowdRow:
    first = acknowledged_at(api)
    waits = sorted(1000 * (at - sent[person]) for person, at in first.items())
    return CrowdRow(
        variant,
        len(sent),
        per_s,
        waits[len(waits) // 2],
        waits[int(len(waits) * 0.99)],
        waits[-1],
        len(sent) - len(first),
        len(api.made(status=429)),
        _peak(sorted(call.at for call in api.made() if call.method in SPEAKING)),
    )


def _peak(times: list[float]) -> int:
    return max(
        (sum(t <= at < t + 1.0 for at in times[n : n + 60]) for n, t in enumerate(times)), default=0
    )


@contextmanager
def suisai(api: TelegramApi, *, workers: bool = False) -> Iterator[None]:
    """Run the listener while the block runs; with `workers` also one worker of each kind."""
    with tempfile.TemporaryDirectory() as folder:
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.ensure()
        settings = Settings(
            data_dir=Path(folder) / "data",
            redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
            namespace=f"bench-{secrets.token_hex(4)}",
            limits=Limits(cooldown_s=0, max_wait_s=100_000),
        )
        stack = Stack(settings, Path(folder) / "logs", api.settings())
        if workers:
            stack.start_workers()
        stack.start("telegram", "telegram")
        try:
            api.world.wait(lambda: ("short_description", "pt") in api.world.texts, PATIENCE_S)
            yield
        finally:
            stack.stop()
            valkey.stop()


@contextmanager
def floor(api: TelegramApi) -> Iterator[None]:
    """Run a bot that only answers each update with a message."""
    stop = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_answer_all(api, stop)))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


async def _answer_all(api: TelegramApi, stop: threading.Event) -> None:
    settings = TelegramSettings(token=TOKEN, api_url=api.url)  # type: ignore[arg-type] # a secret
    async with open_bot(settings) as bot:
        offset = None
        while not stop.is_set():
            for update in await bot.get_updates(offset, timeout=1):
                offset = update.update_id + 1
                assert update.message is not None
                await update.message.reply_text("Got your photo.")


@contextmanager
def flooded(api: TelegramApi, *, workers: bool = False) -> Iterator[None]:
    """Like `suisai`; an additional chat, to which every call is refused, sends a photo every second."""
    with suisai(api, workers=workers):
        api.limits.flood(FLOODED, 3_600, *SPEAKING, "setMessageReaction", "sendChatAction")
        stop = threading.Event()
        thread = threading.Thread(target=_send_again_and_again, args=(api, stop))
        thread.start()
        api.world.wait(lambda: api.made("sendMessage", status=429), PATIENCE_S)
        try:
            yield
        finally:
            stop.set()
            thread.join()


def _send_again_and_again(api: TelegramApi, stop: threading.Event) -> None:
    photo = snapshot(1)
    while not stop.wait(1.0):
        api.people.photo(FLOODED, photo)


def measure(variant: str, run: Variant, people: int, per_s: float) -> CrowdRow:
    """Measure one variant with a new Bot API server."""
    api = TelegramApi()
    try:
        with run(api):
            return send_photos(api, people, per_s, variant)
    finally:
        api.close()


def main() -> None:
    """Print a table, or JSON with --json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--idle", type=int, default=60, help="people, one after the other")
    parser.add_argument("--surge", type=int, default=1000, help="people in a minute")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        measure("floor, idle", floor, options.idle, 0),
        measure("suisai, idle", suisai, options.idle, 0),
        measure("suisai, flood", flooded, options.idle, 0),
        measure("suisai, surge", suisai, options.surge, options.surge / 60),
    ]
    if options.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    heads = ("people", "median", "p99", "worst", "unanswered", "429", "peak/s", "x floor")
    print(f"{'variant':<15}" + "".join(f"{head:>10}" for head in heads))
    for row in rows:
        waits = f"{row.median_ms:>7.0f} ms{row.p99_ms:>7.0f} ms{row.worst_ms:>7.0f} ms"
        counts = f"{row.unanswered:>10}{row.floods:>10}{row.peak_per_s:>10}"
        times = row.median_ms / rows[0].median_ms
        print(f"{row.variant:<15}{row.people:>10}{waits}{counts}{times:>10.1f}")


if __name__ == "__main__":
    main()
