"""Time, Bot API calls and round trips to the ledger's server for one photo on Telegram.

`python -m benchmarks.telegram_photo` runs the whole bot (listener, workers, sweep) and a real Valkey against
the tests' local Bot API server. After one warm-up photo it sends photos one after the other, and counts the
calls until each job has ended and its placeholder is final. A transaction or a pipeline is one round trip.
Heartbeats and the periodic queries of idle processes are counted separately, over the same time without a
photo; Celery's wake-ups are not counted. The time from the photo to its painting is compared with the time
that the engine takes for the same photo, alone, in the process of the benchmark.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from statistics import median

from PIL import Image
from redis.exceptions import ConnectionError

from pipeline.engine import RenderJob
from pipeline.photo import open_photo
from pipeline.styles import load_styles
from tasks.engines import open_engine, photo_limits
from tasks.ledger.ledger import Ledger
from tasks.services import open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.fakes.telegram_api import TelegramApi
from tests.photos import photo
from tests.stack import Stack, eventually

ANN = 4711
ACKNOWLEDGED = ("setMessageReaction", "sendMessage")
SETTLED_S = 3.0
"""After a job's end the listener checks its placeholder once more."""
CELERY = ("BRPOP", "PUBLISH", "_kombu", "unacked", "celery")


class Trips:
    """Counts round trips with the server's MONITOR command."""

    def __init__(self, settings: Settings) -> None:
        self._redis = open_services(settings, lambda _: None).redis
        self.seen: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(ConnectionError), self._redis.monitor() as monitor:
            for command in monitor.listen():
                if command["client_type"] != "lua":
                    self.seen.append((str(command["client_port"]), str(command["command"])))

    def take(self) -> int:
        """Return how many round trips there were since the last call."""
        seen, self.seen = self.seen, []
        trips, within = 0, {}
        for client, command in seen:
            name = command.split(" ", 1)[0].upper()
            if any(word in command for word in CELERY) or name in ("INFO", "MONITOR", "PING"):
                continue
            if name == "MULTI":
                within[client] = True
            if name == "EXEC":
                within.pop(client, None)
            if client not in within or name == "MULTI":
                trips += name != "EXEC"
        return trips


def ended(ledger: Ledger, count: int) -> None:
    """Wait until so many jobs have ended."""
    eventually(lambda: len(ledger.past_jobs("telegram", str(ANN))) == count, 120)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--side", type=int, default=1024, help="long side of the photos, in pixels")
    options = parser.parse_args()
    api = TelegramApi()
    with tempfile.TemporaryDirectory() as folder:
        valkey = EmbeddedValkey(Path(folder) / "valkey")
        valkey.ensure()
        settings = Settings(
            data_dir=Path(folder) / "data",
            redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
            namespace=f"bench-{secrets.token_hex(4)}",
            limits=Limits(cooldown_s=0, daily_quota=10_000),
        )
        bot = {**api.settings(), "SUISAI_TELEGRAM_POLL_TIMEOUT_S": "50"}
        stack = Stack(settings, Path(folder) / "logs", bot)
        stack.start_workers()
        stack.start("telegram", "telegram")
        services = open_services(settings, lambda _: None)
        try:
            api.world.wait(lambda: ("short_description", "pt") in api.world.texts, 120)
            api.people.photo(ANN, picture(0, options.side))
            ended(services.ledger, 1)
            trips = Trips(settings)
            time.sleep(SETTLED_S)
            rows = [
                report(api, trips, number, options.side, services.ledger)
                for number in range(1, options.photos + 1)
            ]
        finally:
            services.redis.close()
            stack.stop()
            valkey.stop()
            api.close()
    heard, shown = (median(times) for times in zip(*rows, strict=True))
    alone = engine_s(settings, options.side, options.photos)
    print(
        f"medians: first words {1000 * heard:.0f} ms; painting {1000 * shown:.0f} ms, "
        f"{1000 * (shown - alone):.0f} ms more than the engine alone ({1000 * alone:.0f} ms)"
    )


def report(
    api: TelegramApi, trips: Trips, number: int, side_px: int, ledger: Ledger
) -> tuple[float, float]:
    """Send one photo and print its costs; return the seconds to the first words and to the painting."""
    trips.take()
    file = picture(number, side_px)
    began, before = time.monotonic(), len(api.calls)
    sent = api.people.photo(ANN, file)
    chat = api.world.chat(ANN)
    api.world.wait(lambda: chat.paintings(sent["message_id"]), 120)
    time.sleep(SETTLED_S)
    # Querying whether the job has ended would be counted, too.
    busy_s, busy = time.monotonic() - began, trips.take()
    made = [call for call in api.calls[before:] if call.method != "getUpdates"]
    said = Counter(call.method for call in made)
    time.sleep(busy_s)
    idle = trips.take()
    calls = ", ".join(f"{method} {count}" for method, count in sorted(said.items()))
    heard = min(call.at for call in made if call.method in ACKNOWLEDGED) - began
    shown = min(call.at for call in made if call.method == "editMessageMedia") - began
    print(
        f"photo {number}: first words {1000 * heard:.0f} ms, painting {1000 * shown:.0f} ms; "
        f"{sum(said.values())} calls ({calls}); {busy - idle} round trips "
        f"(and {idle} in {busy_s:.1f} s without a photo)"
    )
    ended(ledger, number + 1)
    return heard, shown


def picture(number: int, side_px: int) -> bytes:
    """Return a JPEG photo; another number is another photo."""
    pixels = photo("cat", side_px).copy()
    pixels[:8, :8] = (number * 37 % 256, number * 101 % 256, number * 7 % 256)
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def engine_s(settings: Settings, side_px: int, times: int) -> float:
    """Return the median seconds that the engine takes for such a photo, alone."""
    engine, style = open_engine(settings), load_styles()["film"]
    engine.warm_up()
    taken = []
    for number in range(times + 1):
        pixels = open_photo(picture(number, side_px), photo_limits(settings)).pixels
        began = time.monotonic()
        engine.paint([RenderJob(pixels, style, 0.6, 1)], lambda _: None)
        taken.append(time.monotonic() - began)
    return median(taken[1:])


if __name__ == "__main__":
    main()
