"""What 99 people notice when Telegram refuses the hundredth: the waits for first words and paintings.

`python -m benchmarks.telegram_flood` runs the whole bot against the local Bot API server of the tests, in
turn without and with a flooded chat: Telegram refuses everything there for an hour, and its person goes on
sending a photo every second. The ratio of the medians should be at most 1.1.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from statistics import median

from benchmarks.telegram import PATIENCE_S, acknowledged_at, flooded, suisai
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi

WARM_UP = 5


def waits(
    run: Callable[..., AbstractContextManager[None]], people: int, per_s: float
) -> tuple[list[float], list[float]]:
    """Return the seconds that each person waits for the first words, and for the painting."""
    api = TelegramApi()
    try:
        with run(api, workers=True):
            for person in range(-WARM_UP, 0):
                _send(api, 500_000 - person)
            _await_paintings(api, WARM_UP)
            sent, begun = {}, time.monotonic()
            for person in range(1, people + 1):
                time.sleep(max(0.0, begun + person / per_s - time.monotonic()))
                sent[person] = _send(api, person)
            _await_paintings(api, WARM_UP + people)
            first, last = acknowledged_at(api), paintings(api)
    finally:
        api.close()
    return (
        [first[person] - at for person, at in sent.items()],
        [last[person] - at for person, at in sent.items()],
    )


def _await_paintings(api: TelegramApi, count: int) -> None:
    api.world.wait(lambda: len(paintings(api)) >= count, PATIENCE_S, f"{count} paintings")


def _send(api: TelegramApi, person: int) -> float:
    photo = snapshot(person)
    at = time.monotonic()
    api.people.photo(person, photo)
    return at


def paintings(api: TelegramApi) -> dict[int, float]:
    """Return when each person got a painting."""
    found: dict[int, float] = {}
    for call in api.made("editMessageMedia", status=200):
        found.setdefault(int(call.fields["chat_id"]), call.at)
    return found


def main() -> None:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=99)
    parser.add_argument("--per-s", type=float, default=1.5, help="photos a second")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    results: dict[str, tuple[list[float], list[float]]] = {"calm": ([], []), "flooded": ([], [])}
    for _ in range(options.rounds):
        for name, run in (("calm", suisai), ("flooded", flooded)):
            words, pictures = waits(run, options.people, options.per_s)
            results[name][0].extend(words)
            results[name][1].extend(pictures)
    for at, what in enumerate(("first words", "painting")):
        calm, trouble = (1000 * median(results[name][at]) for name in ("calm", "flooded"))
        print(
            f"{what:12} median {calm:6.0f} ms, with one chat flooded {trouble:6.0f} ms: "
            f"ratio {trouble / calm:.2f}"
        )


if __name__ == "__main__":
    main()
