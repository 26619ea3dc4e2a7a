"""Source files that run, and round trips to the ledger's server, for one Telegram photo, per process.

`python -m benchmarks.walk` starts the real processes with a real Valkey and the tests' local Bot API server,
paints one photo as warm-up, then traces the second one from its update to its painting. A file counts if one
of its functions is called meanwhile; a round trip is one write to a connection to the ledger's server.
Periodic work (heartbeats, maintenance, idle polls) is measured for the same time and printed separately.
Files that run in any case (heartbeat, redaction, logs) are not counted.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.stack import Stack, eventually

PROCESSES = ("telegram", "io", "gpu")
ALWAYS = ("tasks/heartbeat.py", "tasks/telemetry/redaction.py", "tasks/telemetry/logs.py")

PROBE = '''
"""Counts in every process of the bot; Python imports it as sitecustomize."""
import json, os, sys, threading, time
FOLDER, ROOT = os.environ["WALK_FOLDER"], os.environ["WALK_ROOT"]
FLAG = os.path.join(FOLDER, "watch")
files, trips = set(), 0
def seen(frame, event, _):
    if event == "call" and frame.f_code.co_filename.startswith(ROOT):
        files.add(frame.f_code.co_filename)
def switch():
    global trips
    name, on = "", False
    while True:
        time.sleep(0.005)
        wanted = os.path.exists(FLAG)
        if wanted and not on:
            files.clear(); trips = 0
            on = True
        elif on and not wanted:
            on = False
            path = os.path.join(FOLDER, f"{os.getpid()}.json")
            with open(path + ".part", "w") as out:
                json.dump({"argv": sys.orig_argv, "files": sorted(files), "trips": trips}, out)
            os.replace(path + ".part", path)
def count(cls):
    real = cls.send_packed_command
    if "async" in cls.__module__:
        async def send(self, *a, **k):
            global trips; trips += 1
            return await real(self, *a, **k)
    else:
        def send(self, *a, **k):
            global trips; trips += 1
            return real(self, *a, **k)
    cls.send_packed_command = send
if "bots" in sys.orig_argv:
    import redis.connection, redis.asyncio.connection
    count(redis.connection.AbstractConnection); count(redis.asyncio.connection.AbstractConnection)
    threading.setprofile(seen); sys.setprofile(seen)
    threading.Thread(target=switch, daemon=True).start()
'''


@contextmanager
def watched_bot(folder: Path) -> Iterator[TelegramApi]:
    """Run listener and workers with the probe; yield their Bot API server."""
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(PROBE)
    valkey = EmbeddedValkey(folder / "valkey")
    valkey.ensure()
    settings = Settings(
        data_dir=folder / "data",
        redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
        namespace=f"bench-{secrets.token_hex(4)}",
        limits=Limits(cooldown_s=0),
    )
    api = TelegramApi()
    stack = Stack(
        settings,
        folder / "logs",
        api.settings()
        | {
            "PYTHONPATH": str(folder / "site"),
            "WALK_FOLDER": str(folder),
            "WALK_ROOT": str(Path(__file__).parents[1]),
        },
    )
    try:
        stack.start_workers()
        stack.start("telegram", "telegram")
        yield api
    finally:
        stack.stop()
        api.close()
        valkey.stop()


@dataclass(frozen=True)
class Count:
    """The counts of one process."""

    files: frozenset[str]
    trips: int


def count_during(folder: Path, during: Callable[[], object]) -> dict[str, Count]:
    """Let all processes count while `during` runs; return the counts by process."""
    for old in folder.glob("*.json"):
        old.unlink()
    (folder / "watch").touch()
    time.sleep(0.1)  # the probes check the flag every few milliseconds
    during()
    (folder / "watch").unlink()
    return eventually(lambda: _counts(folder), 30.0, "the counts of all processes")


def _counts(folder: Path) -> dict[str, Count] | None:
    root = str(Path(__file__).parents[1]) + "/"
    found = {}
    for path in folder.glob("*.json"):
        row = json.loads(path.read_text())
        name = " ".join(row["argv"]).rpartition("bots ")[2].replace("worker ", "")
        files = {file.removeprefix(root) for file in row["files"]} - set(ALWAYS)
        ours = frozenset(f for f in files if f.startswith(("bots/", "tasks/", "pipeline/")))
        found[name] = Count(ours, row["trips"])
    return found if set(PROCESSES) <= set(found) else None


def _paint(api: TelegramApi, person: int) -> None:
    message = api.people.photo(person, snapshot(person))
    chat = api.world.chat(person)
    api.world.wait(lambda: chat.paintings(message["message_id"]), 120, what="the painting")


def main() -> None:
    """Print files and round trips per process."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with watched_bot(folder) as api:
            _paint(api, 1)
            begun = time.monotonic()
            busy = count_during(folder, lambda: _paint(api, 2))
            took = time.monotonic() - begun
            idle = count_during(folder, lambda: time.sleep(took))
    print(f"photo to painting, with the probe: {took:.2f} s")
    for process in PROCESSES:
        print(
            f"{process:10} files {len(busy[process].files):3}   round trips {busy[process].trips:3}"
            f"   (idle for as long: {idle[process].trips})"
        )
    files = {file for count in busy.values() for file in count.files}
    trips = sum(busy[p].trips - idle[p].trips for p in PROCESSES)
    print(f"together   files {len(files):3}   round trips {trips:3} above idle")


if __name__ == "__main__":
    main()
