"""Bot API calls and round trips to the ledger's server for one photo on Telegram.

`python -m benchmarks.telegram_photo` runs the whole bot (listener, workers, sweep) and a real Valkey against
the tests' local Bot API server. After one warm-up photo it sends photos one after the other, and counts the
calls until each job has ended and its placeholder is final. A transaction or a pipeline is one round trip.
Heartbeats and the periodic queries of idle processes are counted separately, over the same time without a
photo; Celery's wake-ups are not counted.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from redis.exceptions import ConnectionError

from tasks.ledger.ledger import Ledger
from tasks.services import open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.stack import Stack, eventually

ANN = 4711
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
            api.people.photo(ANN, snapshot(0))
            ended(services.ledger, 1)
            trips = Trips(settings)
            time.sleep(SETTLED_S)
            for number in range(1, options.photos + 1):
                report(api, trips, number, services.ledger)
        finally:
            services.redis.close()
            stack.stop()
            valkey.stop()
            api.close()


def report(api: TelegramApi, trips: Trips, number: int, ledger: Ledger) -> None:
    """Send one photo and print its calls and round trips."""
    trips.take()
    began = time.monotonic()
    before = len(api.calls)
    sent = api.people.photo(ANN, snapshot(number))
    chat = api.world.chat(ANN)
    api.world.wait(lambda: chat.paintings(sent["message_id"]), 120)
    time.sleep(SETTLED_S)
    # Querying whether the job has ended would be counted, too.
    busy_s, busy = time.monotonic() - began, trips.take()
    said = Counter(call.method for call in api.calls[before:] if call.method != "getUpdates")
    time.sleep(busy_s)
    idle = trips.take()
    calls = ", ".join(f"{method} {count}" for method, count in sorted(said.items()))
    print(
        f"photo {number}: {sum(said.values())} calls ({calls}); {busy - idle} round trips "
        f"(and {idle} in {busy_s:.1f} s without a photo)"
    )
    ended(ledger, number + 1)


if __name__ == "__main__":
    main()
